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

/** The range of an integer column. */
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
      '`failed`: only a person can help. `retrying`: not done yet; `error` says why the last attempt failed',
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

/** What a tenant plane has applied; sent right after applying, and otherwise as its heartbeat. */
export class ReportRequest {
  @ApiProperty({
    description:
      'The last revision applied, in the epoch of the entries: `<epoch>.0` while no state of that ' +
      'epoch is fully applied. Entries of any other epoch than the current one are ignored',
  })
  @IsString()
  @Length(1, 100)
  revision: string;

  @ApiProperty()
  @IsString()
  @Length(1, 40)
  version: string;

  @ApiProperty({
    required: false,
    description: "The plane's own address. If omitted, the known address is kept",
  })
  @IsOptional()
  @IsUrl(ENDPOINT_URL)
  @MaxLength(MAX_ENDPOINT_URL)
  endpoint_url?: string;

  @ApiProperty({ description: 'Increases with every report and is stored before it is sent' })
  @IsInt()
  @Min(1)
  @Max(MAX_INTEGER)
  sequence: number;

  @ApiProperty({
    required: false,
    description:
      "The last stored number, while the plane's database accepts no writes. After a restart the " +
      'plane continues from it',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  stored_sequence?: number;

  @ApiProperty({ format: 'uuid', description: 'Identifies the reporting copy of the tenant plane' })
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
