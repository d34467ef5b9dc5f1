import { JOB_STATUSES } from '@atlas/jobs';
import { ApiProperty, InSmallLetters, Optional, PageQuery } from '@atlas/platform';
import { IsIn, IsUUID } from 'class-validator';

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

  @ApiProperty({ required: false, format: 'uuid', description: 'Only child jobs of this job' })
  @Optional()
  @InSmallLetters()
  @IsUUID()
  parent_id?: string;

  @ApiProperty({ required: false, enum: JOB_STATUSES })
  @Optional()
  @IsIn(JOB_STATUSES)
  status?: string;
}
