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

  /** Wakes all live jobs that match any of `which`. */
  async wakeWhere(manager: EntityManager, ...which: readonly FindOptionsWhere<J>[]): Promise<void> {
    await this.wakeAll(manager, await this.lockLive(manager, which));
  }

  /** Most reports wake no job, so this is one statement. */
  async lockLive(manager: EntityManager, which: readonly FindOptionsWhere<J>[]): Promise<J[]> {
    const live = which.map((one) => ({ ...one, status: In([...LIVE_JOB_STATUSES]) }));
    const query = manager.createQueryBuilder<JobRow>(this.entity, 'job').where(live);
    // The rows of this entity have type J.
    return (await lockedForUpdate(query).getMany()) as J[];
  }

  /**
   * Wakes a worker for each of these jobs. The wake-up is also counted in the job's row. A step that checked
   * before this commit and is about to wait finds the count changed, and checks again. A job that is already
   * waiting becomes due, so the sweep finds it if this process dies before the queue delivers.
   */
  async wakeAll(manager: EntityManager, jobs: readonly Pick<J, 'id'>[]): Promise<void> {
    if (jobs.length === 0) return;
    const counted = manager
      .createQueryBuilder()
      .update<JobRow>(this.entity)
      .set({
        wakes: () => 'wakes + 1',
        dueAt: () => `case when lease_owner is null then ${this.database.fromNow(0)} else due_at end`,
      })
      .where({ id: In(jobs.map(({ id }) => id)) });
    await together([counted.execute(), ...jobs.map((job) => this.queue.wake(manager, job.id))]);
  }
}
