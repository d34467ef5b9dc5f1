import { Optional } from '@atlas/platform';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsUUID, Max, Min } from 'class-validator';
import { JOB_STATUSES } from './job';

export class ListJobsQuery {
  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @IsUUID()
  tenant_id?: string;

  @ApiProperty({ required: false, enum: JOB_STATUSES })
  @Optional()
  @IsIn(JOB_STATUSES)
  status?: string;

  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @IsUUID()
  cursor?: string;

  @ApiProperty({ required: false, default: 50 })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;
}
