import { ApiProperty, InSmallLetters, Optional, PageQuery } from '@atlas/platform';
import { IsIn, IsUUID } from 'class-validator';
import { JOB_STATUSES } from '../jobs/job';

export class ListJobsQuery extends PageQuery {
  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @InSmallLetters()
  @IsUUID()
  tenant_id?: string;

  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @InSmallLetters()
  @IsUUID()
  tenant_plane_id?: string;

  @ApiProperty({ required: false, format: 'uuid', description: 'Only those that this job has begun' })
  @Optional()
  @InSmallLetters()
  @IsUUID()
  parent_id?: string;

  @ApiProperty({ required: false, enum: JOB_STATUSES })
  @Optional()
  @IsIn(JOB_STATUSES)
  status?: string;
}
