import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ProvisioningJob } from '../provisioning-jobs/job.entity';
import { Jobs } from './jobs';
import { aboutTheSame, liveJobFailure } from '../provisioning-jobs/live-jobs';
import { type JobRequest, newJob } from './new-job';
import { JobQueue } from './queue/job-queue';

/** Writes a job down and wakes a worker for it, in the caller's transaction. */
@Injectable()
export class JobStarter {
  constructor(
    private readonly jobs: Jobs,
    private readonly queue: JobQueue,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `operation_in_progress` when another job is live at whom it is about. */
  async start(manager: EntityManager, request: JobRequest): Promise<ProvisioningJob> {
    const job = newJob(request, await this.afterOthers(manager, request));
    try {
      await this.jobs.insert(manager, job);
    } catch (error) {
      throw liveJobFailure(error, job);
    }
    await this.queue.wake(manager, job.id);
    return job;
  }

  /** Later than any job with the same subject, even if the process that started that one has a clock that is ahead. */
  private async afterOthers(
    manager: EntityManager,
    { tenantId, tenantPlaneId = null }: JobRequest,
  ): Promise<Date> {
    const where = aboutTheSame({ tenantId, tenantPlaneId });
    const newest = await manager.findOne(ProvisioningJob, {
      ...{ where, order: { id: 'DESC' } },
      select: { id: true, createdAt: true },
    });
    const [now, last] = [this.clock.now(), newest?.createdAt ?? new Date(0)];
    return last < now ? now : new Date(last.getTime() + 1);
  }
}
