import { BooleanInText, LowerCase, Optional, type Page, PageQuery } from '@atlas/platform';
import { defineStateMachine } from '@atlas/tenancy';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  MaxLength,
} from 'class-validator';
import { SEVERITIES, type Severity } from './severity';
import { type SlaView } from './sla';

export { SEVERITIES, type Severity };

export const INCIDENT_STATUSES = [
  'triggered',
  'open',
  'acknowledged',
  'investigating',
  'resolved',
  'closed',
] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

/** An incident is over once it is resolved or closed, and open otherwise. */
export const INCIDENT_STATES = ['open', 'over'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** `breached`: the incident has missed a target. */
export const SLA_PROBLEMS = ['breached', 'at_risk'] as const;
export type SlaProblem = (typeof SLA_PROBLEMS)[number];

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
  /** Count the open incidents. Requesters' counts include only incidents that they reported */
  'GET /api/incidents/summary': { 200: IncidentSummaryView };
  /** Show an incident */
  'GET /api/incidents/:id': { 200: IncidentView };
  /** Change an incident */
  'PATCH /api/incidents/:id': { body: UpdateIncidentDto; 200: IncidentView };
  /** Show what has happened to an incident, oldest first */
  'GET /api/incidents/:id/timeline': { query: PageQuery; 200: Page<TimelineItemView> };
  /** Add a note to an incident */
  'POST /api/incidents/:id/notes': { body: CreateNoteDto; 201: TimelineItemView };
}

/** How an incident came to be: a person reported it, or an alert, an SLO or a program opened it. */
export type IncidentSource = 'manual' | 'alert' | 'slo' | 'api';

export type TimelineKind =
  'created' | 'status' | 'severity' | 'assigned' | 'note' | 'alert' | 'run' | 'analysis';

export interface TimelineItemView {
  readonly id: string;
  readonly at: Date;
  readonly kind: TimelineKind;
  /** The user who did it. Null if no user did. */
  readonly by: string | null;
  /**
   * Depends on the kind: `{from, to}` for a change, `{text}` for a note. A missed target has the kind
   * `status` and the data `{sla, due_at}`.
   */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface IncidentView {
  readonly id: string;
  readonly number: string;
  readonly title: string;
  readonly description: string | null;
  readonly severity: Severity;
  readonly status: IncidentStatus;
  readonly source: IncidentSource;
  readonly created_by: string | null;
  /** The user who works on it. */
  readonly assignee_id: string | null;
  /** The configuration items that it affects. */
  readonly ci_ids: readonly string[];
  /** How many alerts belong to it. */
  readonly alert_count: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly acknowledged_at: Date | null;
  readonly resolved_at: Date | null;
  readonly closed_at: Date | null;
  readonly resolution_notes: string | null;
  readonly root_cause: string | null;
  /** Null if it was reported before incidents had service levels. */
  readonly sla: SlaView | null;
}

/** Numbers of open incidents. */
export interface IncidentSummaryView {
  readonly open: number;
  readonly unassigned: number;
  /** How many have missed a target. */
  readonly breached: number;
  readonly at_risk: number;
  readonly by_severity: Readonly<Record<Severity, number>>;
}

/** How many configuration items an incident may affect. */
const MAX_ITEMS = 100;
const LONGEST_TEXT = 20_000;

export class CreateIncidentDto {
  /** @example Disk is full on web-1 */
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'title must not be blank' })
  title: string;

  @Optional()
  @IsString()
  @MaxLength(LONGEST_TEXT)
  description?: string;

  @IsIn(SEVERITIES)
  severity: Severity;

  @Optional()
  @LowerCase()
  @ArrayMaxSize(MAX_ITEMS)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  ci_ids?: string[];

  /** Only for roles that may change incidents. */
  @Optional()
  @LowerCase()
  @IsUUID()
  assignee_id?: string;
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
  @MaxLength(LONGEST_TEXT)
  description?: string | null;

  /** null makes the incident unassigned. */
  @IsOptional()
  @LowerCase()
  @IsUUID()
  assignee_id?: string | null;

  /** Replaces the list. */
  @Optional()
  @LowerCase()
  @ArrayMaxSize(MAX_ITEMS)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  ci_ids?: string[];

  /** Required before an incident can be closed. */
  @IsOptional()
  @IsString()
  @Length(1, LONGEST_TEXT)
  @Matches(/\S/, { message: 'resolution_notes must not be blank' })
  resolution_notes?: string | null;

  @IsOptional()
  @IsString()
  @Length(1, LONGEST_TEXT)
  @Matches(/\S/, { message: 'root_cause must not be blank' })
  root_cause?: string | null;
}

export class CreateNoteDto {
  @IsString()
  @Length(1, LONGEST_TEXT)
  @Matches(/\S/, { message: 'text must not be blank' })
  text: string;
}

/** The filters combine. */
export class ListIncidentsQuery extends PageQuery {
  @Optional()
  @IsIn(INCIDENT_STATUSES)
  status?: IncidentStatus;

  @Optional()
  @IsIn(INCIDENT_STATES)
  state?: IncidentState;

  @Optional()
  @IsIn(SEVERITIES)
  severity?: Severity;

  @Optional()
  @LowerCase()
  @IsUUID()
  assignee_id?: string;

  /** `true` lists only incidents without an assignee. */
  @Optional()
  @BooleanInText()
  @IsBoolean()
  unassigned?: boolean;

  /** Only incidents that have missed a target, or are at risk of missing one. */
  @Optional()
  @IsIn(SLA_PROBLEMS)
  sla?: SlaProblem;

  @Optional()
  @LowerCase()
  @IsUUID()
  ci_id?: string;

  /** Text in the title, the description or the number, in upper or lower case. */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;
}
