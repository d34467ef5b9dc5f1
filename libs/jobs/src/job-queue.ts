import { type EntityManager } from 'typeorm';

export type JobHandler = (jobId: string) => Promise<void>;

/**
 * Wakes a worker for a job. A wake-up is a hint and safe to lose: the job's own row is the truth, and the sweep finds
 * jobs that nobody was woken for.
 */
export abstract class JobQueue {
  abstract start(handler: JobHandler): Promise<void>;
  /** Ends after the attempts under way. */
  abstract stop(): Promise<void>;
  /** Sent when the transaction of `manager` commits, and never otherwise. */
  abstract wake(manager: EntityManager, jobId: string): Promise<void>;
}
