import { ApiProperty, Optional, PageQuery } from '@atlas/platform';
import { IsIn, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { INCIDENT_STATUSES, type IncidentStatus, SEVERITIES, type Severity } from './incident-machine';

export class CreateIncidentDto {
  @ApiProperty({ example: 'Disk is full on web-1' })
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'title must not be blank' })
  title: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @MaxLength(20_000)
  description?: string;

  @ApiProperty({ enum: SEVERITIES })
  @IsIn(SEVERITIES)
  severity: Severity;
}

export class UpdateIncidentDto {
  @ApiProperty({ required: false, enum: INCIDENT_STATUSES })
  @Optional()
  @IsIn(INCIDENT_STATUSES)
  status?: IncidentStatus;

  @ApiProperty({ required: false, enum: SEVERITIES })
  @Optional()
  @IsIn(SEVERITIES)
  severity?: Severity;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'title must not be blank' })
  title?: string;

  @ApiProperty({ required: false, nullable: true, type: String, description: 'null removes it' })
  @IsOptional()
  @IsString()
  @MaxLength(20_000)
  description?: string | null;
}

export class ListIncidentsQuery extends PageQuery {
  @ApiProperty({ required: false, enum: INCIDENT_STATUSES })
  @Optional()
  @IsIn(INCIDENT_STATUSES)
  status?: IncidentStatus;
}
