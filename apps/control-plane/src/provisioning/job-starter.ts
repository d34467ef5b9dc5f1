import { insertRow } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ProvisioningJob } from './job.entity';
import { liveJobFailure } from './live-jobs';
import { type JobRequest, newJob } from './new-job';
import { JobQueue } from './queue/job-queue';

/** Writes a job down and wakes a worker for it, in the caller's transaction. */
@Injectable()
export class JobStarter {
  constructor(
    private readonly queue: JobQueue,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `operation_in_progress` when another job is live at whom it is about. */
  async start(manager: EntityManager, request: JobRequest): Promise<ProvisioningJob> {
    const job = newJob(request, this.clock.now());
    try {
      await insertRow(manager, ProvisioningJob, job);
    } catch (error) {
      throw liveJobFailure(error, job);
    }
    await this.queue.wake(manager, job.id);
    return job;
  }
}
