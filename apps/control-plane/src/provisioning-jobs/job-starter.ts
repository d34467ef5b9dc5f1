import { JobQueue, type JobRequest, newJobRow } from '@atlas/jobs';
import { type OperationName } from '@atlas/operator-api';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { aboutTheSame, liveJobFailure } from './live-jobs';
import { ProvisioningJob } from './provisioning-job.entity';
import { ProvisioningJobs } from './provisioning-jobs';

export interface ProvisioningRequest extends JobRequest {
  readonly operation: OperationName;
  readonly tenantId: string | null;
  readonly tenantPlaneId?: string | null;
}

/** Writes a job and wakes a worker for it, in the caller's transaction. */
@Injectable()
export class JobStarter {
  constructor(
    private readonly jobs: ProvisioningJobs,
    private readonly queue: JobQueue,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `operation_in_progress` if another job for the same tenant or plane is live. */
  async start(manager: EntityManager, request: ProvisioningRequest): Promise<ProvisioningJob> {
    const job = newProvisioningJob(request, await this.afterOthers(manager, request));
    try {
      await this.jobs.insert(manager, job);
    } catch (error) {
      throw liveJobFailure(error, job);
    }
    await this.queue.wake(manager, job.id);
    return job;
  }

  /**
   * A time later than the creation of every job for the
   * same subject, even if another process's clock is ahead.
   */
  private async afterOthers(
    manager: EntityManager,
    { tenantId, tenantPlaneId = null }: ProvisioningRequest,
  ): Promise<Date> {
    const newest = await manager.findOne(ProvisioningJob, {
      where: aboutTheSame({ tenantId, tenantPlaneId }),
      order: { id: 'DESC' },
      select: { id: true, createdAt: true },
    });
    const [now, last] = [this.clock.now(), newest?.createdAt ?? new Date(0)];
    return last < now ? now : new Date(last.getTime() + 1);
  }
}

export function newProvisioningJob(request: ProvisioningRequest, now: Date): ProvisioningJob {
  const { operation, tenantId, tenantPlaneId = null } = request;
  return { ...newJobRow(request, now), operation, tenantId, tenantPlaneId };
}
