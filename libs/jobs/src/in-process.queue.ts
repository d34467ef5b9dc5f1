import { type Database } from '@atlas/persistence';
import { type EntityManager } from 'typeorm';
import { type JobHandler, JobQueue } from './job-queue';

/** The queue for SQLite, which has only one process. */
export class InProcessQueue extends JobQueue {
  private handler?: JobHandler;
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly database: Database) {
    super();
  }

  async start(handler: JobHandler): Promise<void> {
    this.handler = handler;
  }

  async stop(): Promise<void> {
    this.handler = undefined;
    await Promise.allSettled(this.running);
  }

  async wake(_manager: EntityManager, jobId: string): Promise<void> {
    this.database.afterCommit(() => setImmediate(() => this.run(jobId)));
  }

  private run(jobId: string): void {
    if (!this.handler) return;
    const attempt = this.handler(jobId).finally(() => this.running.delete(attempt));
    this.running.add(attempt);
  }
}
