import { type RequestContext } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { type JobStatus } from './job';
import { type JobRow } from './job-row';
import { type StepContext } from './step';

/**
 * A pause of a tenant's writes that the job started and must lift. `until` is the deadline for lifting the
 * pause, or null while the job is being undone.
 */
export interface Pause {
  readonly until: Date | null;
}

/** What the engine needs from the application that owns the jobs. */
export abstract class JobHost<J extends JobRow = JobRow> {
  /** Adds what the application's steps need to the context. */
  contextOf(_job: J, context: StepContext): StepContext {
    return context;
  }

  /** What the job's log lines contain in addition to the job's id. */
  logContextOf(_job: J): Partial<RequestContext> {
    return {};
  }

  /**
   * The write pause that the job has started, or null. A job with a pause must not simply stop when a step
   * fails. If no retry succeeds before the deadline, the job is undone.
   */
  pauseOf(_job: J): Pause | null {
    return null;
  }

  /**
   * Whether consecutive atomic steps of the job may share a transaction. All of them together must take their
   * locks in the order that the application's other transactions use.
   */
  combinesSteps(_job: J): boolean {
    return false;
  }

  /** Whether the job is undone, instead of waiting for a person, if a step fails and no retry is left. */
  undoesFailed(_job: J): boolean {
    return false;
  }

  /** Runs in the transaction in which the job finishes. */
  abstract settle(manager: EntityManager, job: J, status: JobStatus): Promise<void>;

  /** Removes secrets from the text of a failure before it is stored, shown or logged. */
  abstract redact(job: J, text: string): Promise<string>;
}
