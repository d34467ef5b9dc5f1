import { Optional, type Page, PageQuery } from '@atlas/platform';
import { defineStateMachine } from '@atlas/tenancy';
import { IsIn, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';

/** From most to least urgent. */
export const SEVERITIES = ['P1', 'P2', 'P3', 'P4', 'P5'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const INCIDENT_STATUSES = [
  'triggered',
  'open',
  'acknowledged',
  'investigating',
  'resolved',
  'closed',
] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

/**
 * An alert starts as `triggered`, a person's report as `open`. Resolved and closed incidents can be
 * reopened.
 */
export const INCIDENT_MACHINE = defineStateMachine<IncidentStatus>({
  triggered: ['open', 'acknowledged', 'investigating', 'resolved'],
  open: ['acknowledged', 'investigating', 'resolved'],
  acknowledged: ['investigating', 'resolved'],
  investigating: ['acknowledged', 'resolved'],
  resolved: ['closed', 'open'],
  closed: ['open'],
});

export interface IncidentsApi {
  /** Report an incident */
  'POST /api/incidents': { body: CreateIncidentDto; 201: IncidentView };
  /** List incidents */
  'GET /api/incidents': { query: ListIncidentsQuery; 200: Page<IncidentView> };
  /** Show an incident */
  'GET /api/incidents/:id': { 200: IncidentView };
  /** Change an incident's status, severity, title or description */
  'PATCH /api/incidents/:id': { body: UpdateIncidentDto; 200: IncidentView };
}

export interface IncidentView {
  readonly id: string;
  readonly number: string;
  readonly title: string;
  readonly description: string | null;
  readonly severity: Severity;
  readonly status: IncidentStatus;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly resolved_at: Date | null;
}

export class CreateIncidentDto {
  /** @example Disk is full on web-1 */
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'title must not be blank' })
  title: string;

  @Optional()
  @IsString()
  @MaxLength(20_000)
  description?: string;

  @IsIn(SEVERITIES)
  severity: Severity;
}

export class UpdateIncidentDto {
  @Optional()
  @IsIn(INCIDENT_STATUSES)
  status?: IncidentStatus;

  @Optional()
  @IsIn(SEVERITIES)
  severity?: Severity;

  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'title must not be blank' })
  title?: string;

  /** null removes the description. */
  @IsOptional()
  @IsString()
  @MaxLength(20_000)
  description?: string | null;
}

export class ListIncidentsQuery extends PageQuery {
  @Optional()
  @IsIn(INCIDENT_STATUSES)
  status?: IncidentStatus;
}
