import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsUUID,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

/**
 * What planes may report for each tenant and day: alerts received, incidents opened, runs of runbooks
 * started, and answers from an AI. No plane reports `ai_tokens`, which stays accepted as a part of the
 * contract: the Control Plane counts the tokens of its own gateway, and nobody those of a tenant's own AI.
 */
const METERS = ['alerts', 'incidents', 'runs', 'ai_answers', 'ai_tokens'] as const;
export type Meter = (typeof METERS)[number];

export const MAX_REPORTED_USAGE = 500;

/** The amount of one meter that a tenant has used on one day so far. */
export class MeteredAmount {
  @IsUUID()
  tenant_id: string;

  /** A day in UTC, such as 2026-11-30. */
  @Matches(/^\d{4}-\d\d-\d\d$/)
  day: string;

  @IsIn(METERS)
  meter: Meter;

  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  amount: number;
}

export interface ReportAnswer {
  /** The amounts are stored. Control Planes of older versions ignore them and do not say this. */
  readonly usage_counted?: true;
  /**
   * The caller is not the copy of the plane that counts: another one was restored later, or has already sent
   * the report's number. If the amounts are not stored, nothing else of the report is either.
   */
  readonly copied?: true;
}

export class ReportedUsage {
  /**
   * Each amount is the total of the day, and never falls. So the Control Plane counts it once, however often
   * it arrives.
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_REPORTED_USAGE)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => MeteredAmount)
  amounts?: MeteredAmount[];
}
