import { type RequestContext } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { type JobStatus } from './job';
import { type JobRow } from './job-row';
import { type StepContext } from './step';

/**
 * A pause of writes that a job started and must end. While
 * the job is being undone, the pause has no deadline.
 */
export interface Pause {
  readonly until: Date | null;
}

/** What the engine asks of the application that owns the jobs. */
export abstract class JobHost<J extends JobRow = JobRow> {
  /** Adds what the application's steps need. */
  contextOf(_job: J, context: StepContext): StepContext {
    return context;
  }

  /** What the job's log lines carry besides its id. */
  logContextOf(_job: J): Partial<RequestContext> {
    return {};
  }

  /**
   * The pause that the job holds, or null. A failure must not leave such a
   * job stopped: unless a retry helps before the deadline, the job is undone.
   */
  pauseOf(_job: J): Pause | null {
    return null;
  }

  /** Runs in the transaction that ends the job. */
  abstract settle(manager: EntityManager, job: J, status: JobStatus): Promise<void>;

  /** Removes secrets from the text of a failure before it is stored, shown or logged. */
  abstract redact(job: J, text: string): Promise<string>;
}
