import { type EntityManager } from 'typeorm';

export type JobHandler = (jobId: string) => Promise<void>;

/**
 * Wakes a worker for a job. A wake-up is only a hint and may be lost. The
 * job's row decides, and the sweep finds jobs whose wake-up was lost.
 */
export abstract class JobQueue {
  abstract start(handler: JobHandler): Promise<void>;
  /** Resolves when the running attempts have finished. */
  abstract stop(): Promise<void>;
  /** The wake-up is sent when the transaction of `manager` commits. */
  abstract wake(manager: EntityManager, jobId: string): Promise<void>;
}
