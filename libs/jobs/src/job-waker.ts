import { type Database, lockedForUpdate, together } from '@atlas/persistence';
import { type EntityManager, type EntityTarget, type FindOptionsWhere, In } from 'typeorm';
import { LIVE_JOB_STATUSES } from './job';
import { type JobQueue } from './job-queue';
import { type JobRow } from './job-row';

/** Wakes jobs when something happens that they may be waiting for. */
export class JobWaker<J extends JobRow = JobRow> {
  constructor(
    private readonly entity: EntityTarget<J>,
    private readonly database: Database,
    private readonly queue: JobQueue,
  ) {}

  /** Wakes one job, in a transaction of its own. */
  async wake(jobId: string): Promise<void> {
    await this.database.write((manager) => this.queue.wake(manager, jobId));
  }

  /**
   * Wakes all live jobs that match any of `which`. The wake-up is also counted in the job's row. A step that
   * checked before this commit and is about to wait finds the count changed, and checks again. A job that is
   * already waiting becomes due, so the sweep finds it if this process dies before the queue delivers.
   */
  async wakeWhere(manager: EntityManager, ...which: readonly FindOptionsWhere<J>[]): Promise<void> {
    await this.enqueue(manager, await this.note(manager, which));
  }

  /**
   * Counts the wake-up in the rows of the live jobs that match, and returns them. Locks them first, because
   * most reports wake no job.
   */
  async note(manager: EntityManager, which: readonly FindOptionsWhere<J>[]): Promise<J[]> {
    const live = which.map((one) => ({ ...one, status: In([...LIVE_JOB_STATUSES]) }));
    const query = manager.createQueryBuilder<JobRow>(this.entity, 'job').where(live);
    const jobs = await lockedForUpdate(query).getMany();
    if (jobs.length === 0) return [];
    await manager
      .createQueryBuilder()
      .update<JobRow>(this.entity)
      .set({
        wakes: () => 'wakes + 1',
        dueAt: () => `case when lease_owner is null then ${this.database.fromNow(0)} else due_at end`,
      })
      .where({ id: In(jobs.map(({ id }) => id)) })
      .execute();
    for (const job of jobs) job.wakes += 1;
    // The rows of this entity have type J.
    return jobs as J[];
  }

  /** Wakes a worker for each of the jobs. */
  async enqueue(manager: EntityManager, jobs: readonly Pick<J, 'id'>[]): Promise<void> {
    await together(jobs.map((job) => this.queue.wake(manager, job.id)));
  }
}
