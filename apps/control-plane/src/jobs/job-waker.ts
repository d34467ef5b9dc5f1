import { Database, together } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type FindOptionsWhere, In } from 'typeorm';
import { LIVE_JOB_STATUSES } from './job';
import { ProvisioningJob } from '../provisioning-jobs/job.entity';
import { JobQueue } from './queue/job-queue';

/** Tells jobs that something happened which they may be waiting for. */
@Injectable()
export class JobWaker {
  constructor(
    private readonly database: Database,
    private readonly queue: JobQueue,
  ) {}

  /**
   * Written on the job's row as well. A step that looked before this commit and is about to wait will find that the count
   * has moved, and looks again. One that waits already is due from now on: the sweep finds it if the process dies before
   * the queue has come to it.
   */
  async wakeForTenants(manager: EntityManager, tenantIds: readonly string[]): Promise<void> {
    if (tenantIds.length > 0) await this.wakeLive(manager, { tenantId: In([...tenantIds]) });
  }

  /** Jobs about tenant planes as a whole. */
  async wakeForPlanes(manager: EntityManager, tenantPlaneIds: readonly string[]): Promise<void> {
    if (tenantPlaneIds.length > 0) await this.wakeLive(manager, { tenantPlaneId: In([...tenantPlaneIds]) });
  }

  /** Whatever waits for a plane, or for tenants, that it has reported on. */
  wakeForReport(manager: EntityManager, tenantPlaneId: string, tenantIds: readonly string[]): Promise<void> {
    const isOfTenants = tenantIds.length > 0 ? [{ tenantId: In([...tenantIds]) }] : [];
    return this.wakeLive(manager, { tenantPlaneId }, ...isOfTenants);
  }

  /** The job that began another one, which has come to its end. */
  wakeForJob(manager: EntityManager, id: string): Promise<void> {
    return this.wakeLive(manager, { id });
  }

  /** Wakes one job outside of any other work. */
  async wake(jobId: string): Promise<void> {
    await this.database.write((manager) => this.queue.wake(manager, jobId));
  }

  private async wakeLive(
    manager: EntityManager,
    ...which: readonly FindOptionsWhere<ProvisioningJob>[]
  ): Promise<void> {
    const live = which.map((one) => ({ ...one, status: In([...LIVE_JOB_STATUSES]) }));
    const [, jobs] = await together([
      manager
        .createQueryBuilder()
        .update(ProvisioningJob)
        .set({
          wakes: () => 'wakes + 1',
          dueAt: () => `case when lease_owner is null then ${this.database.fromNow(0)} else due_at end`,
        })
        .where(live)
        .execute(),
      manager.find(ProvisioningJob, { where: live, select: { id: true } }),
    ]);
    await together(jobs.map((job) => this.queue.wake(manager, job.id)));
  }
}
