import { defineStateMachine } from '@atlas/tenancy';

export const JOB_STATUSES = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** While a job is live, no other operation starts on the same subject. */
export const LIVE_JOB_STATUSES: readonly JobStatus[] = ['queued', 'running', 'waiting'];

/** The job finished without doing what was requested. */
export const FAILED_JOB_STATUSES: readonly JobStatus[] = ['failed', 'cancelled'];

/** `undo` reverts the steps, last first. */
export type JobDirection = 'run' | 'undo';

export const JOB_MACHINE = defineStateMachine({
  queued: ['running', 'cancelled'],
  running: ['waiting', 'succeeded', 'failed', 'cancelled'],
  waiting: ['running', 'cancelled'],
  failed: ['queued'],
  cancelled: ['queued'],
  succeeded: [],
});

export type StepStatus = 'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'undone' | 'skipped';

/** What later steps read. Outputs never contain secrets. */
export type StepOutputs = Record<string, string | number | boolean | null>;

export type JobParams = Readonly<Record<string, string | number | boolean | null>>;

/**
 * What happens after a failure. `retry`: try again later, a limited number of times. `operator`: a person has
 * to act, then retry the job. `fatal`: undo everything.
 */
export type FailureClass = 'retry' | 'operator' | 'fatal';

export interface JobError {
  readonly code: string;
  /** What happened and why. */
  readonly detail: string;
  readonly class: FailureClass;
  /** Who has to do what: Atlas on-call, the operator who started the job, or the customer. */
  readonly fix: string;
}

/** An error as stored. Rows from older versions have neither class nor fix. */
export type StoredJobError = Pick<JobError, 'code' | 'detail'> & Partial<JobError>;

/** The journal's record of one step. Times are RFC 3339. */
export interface StepState {
  readonly name: string;
  status: StepStatus;
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  outputs: StepOutputs;
  error: StoredJobError | null;
  /** Set while the step waits for something other than its next attempt. */
  waiting_for?: string | null;
}

export function newStepState(name: string): StepState {
  return {
    name,
    status: 'pending',
    attempt: 0,
    started_at: null,
    finished_at: null,
    outputs: {},
    error: null,
  };
}
