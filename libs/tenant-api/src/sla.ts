import { IsInt, IsObject, Max, Min, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { type Severity } from './severity';

export interface SlaApi {
  /** Show how soon incidents must be responded to and resolved */
  'GET /api/sla-policy': { 200: SlaPolicyView };
  /** Set how soon incidents must be responded to and resolved */
  'PUT /api/sla-policy': { body: SlaPolicyDto; 200: SlaPolicyView };
}

/** Targets apply to incidents created after they were set. */
export type SlaPolicyView = Readonly<Record<Severity, SlaTargetsView>>;

export interface SlaTargetsView {
  readonly response_minutes: number;
  readonly resolution_minutes: number;
}

export const SLA_STATUSES = [
  'on_track',
  'at_risk',
  'response_breached',
  'resolution_breached',
  'met',
] as const;
export type SlaStatus = (typeof SLA_STATUSES)[number];

export interface SlaView {
  readonly response_due_at: Date;
  readonly resolution_due_at: Date;
  /** When someone first acknowledged or resolved the incident. */
  readonly responded_at: Date | null;
  /** `at_risk` once 80 % of the time for a target that is still open has passed. */
  readonly status: SlaStatus;
}

const YEAR_MINUTES = 525_600;

export class SlaTargetsDto {
  @IsInt()
  @Min(1)
  @Max(YEAR_MINUTES)
  response_minutes: number;

  @IsInt()
  @Min(1)
  @Max(YEAR_MINUTES)
  resolution_minutes: number;
}

export class SlaPolicyDto {
  @IsObject()
  @ValidateNested()
  @Type(() => SlaTargetsDto)
  P1: SlaTargetsDto;

  @IsObject()
  @ValidateNested()
  @Type(() => SlaTargetsDto)
  P2: SlaTargetsDto;

  @IsObject()
  @ValidateNested()
  @Type(() => SlaTargetsDto)
  P3: SlaTargetsDto;

  @IsObject()
  @ValidateNested()
  @Type(() => SlaTargetsDto)
  P4: SlaTargetsDto;

  @IsObject()
  @ValidateNested()
  @Type(() => SlaTargetsDto)
  P5: SlaTargetsDto;
}
