import { defineStateMachine } from '@atlas/tenancy';

export const JOB_STATUSES = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** A live job holds its tenant: no other operation starts meanwhile. */
export const LIVE_JOB_STATUSES: readonly JobStatus[] = ['queued', 'running', 'waiting'];

/** It did not do what was asked for. */
export const FAILED_JOB_STATUSES: readonly JobStatus[] = ['failed', 'cancelled'];

/** `undo` walks the steps back. */
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

/** A step's outputs are read by later steps; secrets never stand in them. */
export type StepOutputs = Record<string, string | number | boolean | null>;

export type JobParams = Readonly<Record<string, string | number | boolean | null>>;

/**
 * How a failure is met: `retry` again later, bounded; `operator` a person has to act, then the job is resumed; `fatal`
 * everything is undone.
 */
export type FailureClass = 'retry' | 'operator' | 'fatal';

export interface JobError {
  readonly code: string;
  /** What happened, and why. */
  readonly detail: string;
  readonly class: FailureClass;
  /** Who has to do what: Atlas on-call, the operator who asked for the job, or the customer. */
  readonly fix: string;
}

/** As it is stored: older rows have neither class nor fix. */
export type StoredJobError = Pick<JobError, 'code' | 'detail'> & Partial<JobError>;

/** What the journal holds of one step. Times are RFC 3339. */
export interface StepState {
  readonly name: string;
  status: StepStatus;
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  outputs: StepOutputs;
  error: StoredJobError | null;
  /** While it waits for something other than its next attempt. */
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
