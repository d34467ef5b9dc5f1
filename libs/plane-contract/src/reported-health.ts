import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';

/** From best to worst. `degraded`: it works, but someone should check it. `failing`: it does not work. */
export const HEALTH_STATUSES = ['ok', 'degraded', 'failing'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

const HEALTH_CHECKS = ['database', 'disk', 'queue', 'clock', 'link', 'key', 'secrets'] as const;
export type HealthCheckName = (typeof HEALTH_CHECKS)[number];

export const MAX_HEALTH_DETAIL = 300;

export class ReportedHealthCheck {
  @IsIn(HEALTH_CHECKS)
  name: HealthCheckName;

  @IsIn(HEALTH_STATUSES)
  status: HealthStatus;

  /** What was found, for a person to read. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_HEALTH_DETAIL)
  detail?: string;
}

/** A tenant plane's own view of its health. Planes of older versions send only a status. */
export class ReportedHealth {
  /** The worst status of its checks. */
  @IsOptional()
  @IsIn(HEALTH_STATUSES)
  status?: HealthStatus;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ReportedHealthCheck)
  checks?: ReportedHealthCheck[];
}

export function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  return HEALTH_STATUSES[Math.max(0, ...statuses.map((one) => HEALTH_STATUSES.indexOf(one)))] ?? 'ok';
}

/** What is wrong, for a person to read; empty if nothing is wrong. */
export function troubleIn({ checks = [] }: ReportedHealth): string {
  return checks
    .filter(({ status }) => status !== 'ok')
    .map(({ name, status, detail }) => `${name} ${status}${detail === undefined ? '' : ` (${detail})`}`)
    .join(', ');
}
