import { LowerCase, Optional, type Page, PageQuery, Repeated } from '@atlas/platform';
import { defineStateMachine } from '@atlas/tenancy';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { RISKS, type Risk, type StepKind } from './runbooks';

/** Runs of runbooks, and the policy that says which of their steps wait for approval. */
export interface AutomationApi {
  /** Show how much runs may do on their own */
  'GET /api/automation/policy': { 200: AutomationPolicyView };
  /** Set how much runs may do on their own */
  'PUT /api/automation/policy': { body: AutomationPolicyDto; 200: AutomationPolicyView };
  /** Run a runbook, or show what a run would do */
  'POST /api/runbooks/:id/runs': { body: RunRunbookDto; 200: RunPlanView; 202: RunView };
  /** List runs */
  'GET /api/automation/jobs': { query: ListRunsQuery; 200: Page<RunView> };
  /** Count the runs that wait for a person */
  'GET /api/automation/inbox': { 200: AutomationInboxView };
  /** Show a run */
  'GET /api/automation/jobs/:id': { 200: RunView };
  /** Follow a run: its steps, their output, and its end */
  'GET /api/automation/jobs/:id/events': { 200: string };
  /** Approve a step that waits for approval */
  'POST /api/automation/jobs/:id/approve': { body: StepDecisionDto; 200: RunView };
  /** Reject a step that waits for approval, which ends the run */
  'POST /api/automation/jobs/:id/reject': { body: StepDecisionDto; 200: RunView };
  /** Record that a person has done a manual step */
  'POST /api/automation/jobs/:id/complete': { body: CompleteStepDto; 200: RunView };
  /** Cancel a run */
  'POST /api/automation/jobs/:id/cancel': { body: RunDecisionDto; 200: RunView };
  /** Continue a failed run with the step that failed */
  'POST /api/automation/jobs/:id/retry': { body: RunDecisionDto; 200: RunView };
}

export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting_approval',
  'waiting_manual',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** The step under way determines the status of a live run. Only a failed run may be retried. */
export const RUN_MACHINE = defineStateMachine<RunStatus>({
  queued: ['running', 'waiting_approval', 'waiting_manual', 'succeeded', 'failed', 'cancelled'],
  running: ['queued', 'waiting_approval', 'waiting_manual', 'succeeded', 'failed', 'cancelled'],
  waiting_approval: ['queued', 'running', 'waiting_manual', 'succeeded', 'failed', 'cancelled'],
  waiting_manual: ['queued', 'running', 'waiting_approval', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: ['queued', 'running', 'waiting_approval', 'waiting_manual'],
  cancelled: [],
});

export const STEP_STATUSES = [
  'pending',
  'waiting_approval',
  'waiting_manual',
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
] as const;
/** A `queued` step waits for an agent. A step that a person has rejected is `cancelled`. */
export type StepStatus = (typeof STEP_STATUSES)[number];

/** A step starts again only if a person retries it. */
export const STEP_MACHINE = defineStateMachine<StepStatus>({
  pending: ['waiting_approval', 'waiting_manual', 'queued', 'cancelled'],
  waiting_approval: ['queued', 'cancelled'],
  waiting_manual: ['succeeded', 'cancelled'],
  queued: ['running', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: ['pending'],
  cancelled: [],
});

export interface RunView {
  readonly id: string;
  readonly runbook_id: string;
  /** The present name of the runbook. The version that runs may have had another one. */
  readonly runbook_name: string;
  readonly runbook_version: number;
  readonly incident_id: string | null;
  readonly status: RunStatus;
  readonly requested_by: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly steps: readonly RunStepView[];
}

/** Numbers of runs. */
export interface AutomationInboxView {
  /** How many wait for an approval. */
  readonly approvals: number;
  /** How many wait for somebody to complete a manual step. */
  readonly manual: number;
}

export interface RunStepView {
  readonly name: string;
  readonly kind: StepKind;
  readonly risk: Risk;
  readonly status: StepStatus;
  /**
   * What the step does: the config of the runbook's step, with the parameters filled in, except for secret
   * ones. Null in lists and events.
   */
  readonly config: Readonly<Record<string, unknown>> | null;
  /** Null until the step is reached, and if it needs no approval. */
  readonly approval: ApprovalView | null;
  /** The agent that runs the step or has run it last. */
  readonly agent_id: string | null;
  readonly exit_code: number | null;
  /** How many bytes of output there were, in UTF-8. */
  readonly output_bytes: number;
  /**
   * The last 64 KiB of the output. Null in lists. While a step of a run with secrets is running, up to the
   * last line that is complete.
   */
  readonly output_tail: string | null;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly error: StepErrorView | null;
}

export interface ApprovalView {
  readonly state: 'waiting' | 'approved' | 'rejected';
  /** Why the step needs approval. */
  readonly reason: string;
  readonly by: string | null;
  readonly at: Date | null;
  readonly note: string | null;
}

export interface StepErrorView {
  /** Such as `outcome_unknown`, if the step may have run. */
  readonly code: string;
  readonly detail: string;
}

export interface RunPlanView {
  readonly steps: readonly PlannedStepView[];
}

export interface PlannedStepView {
  readonly name: string;
  readonly kind: StepKind;
  readonly risk: Risk;
  readonly needs_approval: boolean;
  readonly reason: string;
}

export class RunRunbookDto {
  @Optional()
  @LowerCase()
  @IsUUID()
  incident_id?: string;

  /** The value of each parameter, as a string of at most 4,000 characters. */
  @Optional()
  @IsObject()
  parameters?: Record<string, string>;

  /** Show what the run would do, without running anything. */
  @Optional()
  @IsBoolean()
  dry_run?: boolean;
}

export class RunDecisionDto {
  @Optional()
  @IsString()
  @MaxLength(2000)
  note?: string;
}

export class StepDecisionDto {
  /** The name of the step. */
  @IsString()
  @Length(1, 100)
  step: string;

  @Optional()
  @IsString()
  @MaxLength(2000)
  note?: string;
}

export class CompleteStepDto {
  /** The name of the step. By default, the manual step that is waiting. */
  @Optional()
  @IsString()
  @Length(1, 100)
  step?: string;

  @Optional()
  @IsString()
  @MaxLength(2000)
  note?: string;
}

/** The filters combine. */
export class ListRunsQuery extends PageQuery {
  /** Runs in any of these statuses, each in a parameter of its own. */
  @Optional()
  @Repeated()
  @ArrayMaxSize(RUN_STATUSES.length)
  @IsIn(RUN_STATUSES, { each: true })
  status?: RunStatus[];

  @Optional()
  @LowerCase()
  @IsUUID()
  runbook_id?: string;

  @Optional()
  @LowerCase()
  @IsUUID()
  incident_id?: string;
}

/** 0: nothing runs without approval. 5: everything but critical steps runs on its own. */
export const AUTONOMY_LEVELS = [0, 1, 2, 3, 4, 5] as const;
export type AutonomyLevel = (typeof AUTONOMY_LEVELS)[number];

export interface AutomationPolicyView {
  readonly level: AutonomyLevel;
  readonly overrides: readonly PolicyOverrideView[];
}

export interface PolicyOverrideView {
  /** Only for runs on incidents that affect items of this type. Null: for all runs. */
  readonly ci_type: string | null;
  readonly risk: Risk;
  readonly level: AutonomyLevel;
}

export class PolicyOverrideDto {
  @Optional()
  @IsString()
  @Length(1, 60)
  @Matches(/\S/, { message: 'ci_type must not be blank' })
  ci_type?: string;

  @IsIn(RISKS)
  risk: Risk;

  @IsInt()
  @Min(0)
  @Max(5)
  level: AutonomyLevel;
}

export class AutomationPolicyDto {
  @IsInt()
  @Min(0)
  @Max(5)
  level: AutonomyLevel;

  /** If several overrides apply to a step, the lowest level counts. */
  @Optional()
  @IsArray()
  @ArrayMaxSize(200)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => PolicyOverrideDto)
  overrides?: PolicyOverrideDto[];
}
