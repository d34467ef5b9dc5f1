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
import { ReportedUsage } from './reported-usage';

/** The range of an integer column. */
const MAX_INTEGER = 2_147_483_647;

const REPORTED_STATES = ['applied', 'retrying', 'failed'] as const;
export type ReportedState = (typeof REPORTED_STATES)[number];

const REPORTED_CODES = ['copy_missing'] as const;
export type ReportedCode = (typeof REPORTED_CODES)[number];

export class ReportedTenant {
  @IsUUID()
  tenant_id: string;

  /**
   * `failed`: only a person can help. `retrying`: not applied yet; `error` says why the last attempt failed.
   */
  @IsIn(REPORTED_STATES)
  state: ReportedState;

  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  entry_revision: number;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  error?: string;

  /** The reason for the failure, if the Control Plane can help. For `copy_missing`, see `requires_copy`. */
  @IsOptional()
  @IsIn(REPORTED_CODES)
  code?: ReportedCode;
}

/** What a tenant plane has applied. Sent right after applying, and otherwise as a heartbeat. */
export class ReportRequest {
  /**
   * The last revision applied in the epoch of the entries, or `<epoch>.0` while no state of that epoch is
   * fully applied. Entries from any epoch other than the current one are ignored.
   */
  @IsString()
  @Length(1, 100)
  revision: string;

  @IsString()
  @Length(1, 40)
  version: string;

  /** The plane's own address. If omitted, the known address is kept. */
  @IsOptional()
  @IsUrl(ENDPOINT_URL)
  @MaxLength(MAX_ENDPOINT_URL)
  endpoint_url?: string;

  /** Increases with every report, and is stored before the report is sent. */
  @IsInt()
  @Min(1)
  @Max(MAX_INTEGER)
  sequence: number;

  /**
   * The last stored `sequence`. Set while the plane's database accepts no writes. After a restart, the plane
   * continues from this number.
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  stored_sequence?: number;

  /** Identifies the reporting process of the tenant plane. */
  @IsUUID()
  link_id: string;

  /**
   * Which restore of the plane reports. Chosen by the restore, and omitted by a plane that was never
   * restored.
   */
  @IsOptional()
  @IsUUID()
  incarnation?: string;

  @IsArray()
  @ArrayMaxSize(1000)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ReportedTenant)
  tenants: ReportedTenant[];

  /** Planes of older versions send an empty object. */
  @IsObject()
  @ValidateNested()
  @Type(() => ReportedUsage)
  usage: ReportedUsage;

  @IsObject()
  @ValidateNested()
  @Type(() => ReportedHealth)
  health: ReportedHealth;
}
