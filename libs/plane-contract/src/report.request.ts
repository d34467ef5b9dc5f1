import { ApiProperty } from '@atlas/platform/api-decorators';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  IsUrl,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ENDPOINT_URL, MAX_ENDPOINT_URL } from './enrol.request';
import { ReportedHealth } from './reported-health';

/** What an integer column holds. */
const MAX_INTEGER = 2_147_483_647;

const REPORTED_STATES = ['applied', 'retrying', 'failed'] as const;
export type ReportedState = (typeof REPORTED_STATES)[number];

const REPORTED_CODES = ['copy_missing'] as const;
export type ReportedCode = (typeof REPORTED_CODES)[number];

export class ReportedTenant {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  tenant_id: string;

  @ApiProperty({
    enum: REPORTED_STATES,
    description:
      '`failed`: only a person can help. `retrying`: not done yet, `error` says what it failed of last',
  })
  @IsIn(REPORTED_STATES)
  state: ReportedState;

  @ApiProperty()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  entry_revision: number;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  error?: string;

  @ApiProperty({
    required: false,
    enum: REPORTED_CODES,
    description: 'Why it failed, where the Control Plane can help. `copy_missing`: see `requires_copy`',
  })
  @IsOptional()
  @IsIn(REPORTED_CODES)
  code?: ReportedCode;
}

/** What a tenant plane has applied, sent at once after an apply and otherwise as its heartbeat. */
export class ReportRequest {
  @ApiProperty({
    description:
      'The last revision applied, of the epoch that the entries are of: `<epoch>.0` while none of it is applied in full. Entries of another epoch than the current one are ignored',
  })
  @IsString()
  @Length(1, 100)
  revision: string;

  @ApiProperty()
  @IsString()
  @Length(1, 40)
  version: string;

  @ApiProperty({ required: false, description: 'Its own address. Left out, what is known of it stays' })
  @IsOptional()
  @IsUrl(ENDPOINT_URL)
  @MaxLength(MAX_ENDPOINT_URL)
  endpoint_url?: string;

  @ApiProperty({ description: 'Counts up, stored before it is sent' })
  @IsInt()
  @Min(1)
  @Max(MAX_INTEGER)
  sequence: number;

  @ApiProperty({
    required: false,
    description:
      'The last number that was stored, while its database takes no write. If it is started again meanwhile, it counts on from there',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  stored_sequence?: number;

  @ApiProperty({ format: 'uuid', description: 'Which copy of the tenant plane speaks' })
  @IsUUID()
  link_id: string;

  @ApiProperty({ type: [ReportedTenant] })
  @IsArray()
  @ArrayMaxSize(1000)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ReportedTenant)
  tenants: ReportedTenant[];

  @ApiProperty({ type: Object })
  @IsObject()
  usage: Record<string, unknown>;

  @ApiProperty({ type: ReportedHealth })
  @IsObject()
  @ValidateNested()
  @Type(() => ReportedHealth)
  health: ReportedHealth;
}
