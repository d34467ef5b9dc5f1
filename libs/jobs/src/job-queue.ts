import { type EntityManager } from 'typeorm';

export type JobHandler = (jobId: string) => Promise<void>;

/**
 * Wakes a worker for a job. A wake-up is a hint and safe to lose: the
 * job's row is the truth, and the sweep finds jobs whose wake-up was lost.
 */
export abstract class JobQueue {
  abstract start(handler: JobHandler): Promise<void>;
  /** Resolves after the attempts that are running. */
  abstract stop(): Promise<void>;
  /** Sent if and when the transaction of `manager` commits. */
  abstract wake(manager: EntityManager, jobId: string): Promise<void>;
}
