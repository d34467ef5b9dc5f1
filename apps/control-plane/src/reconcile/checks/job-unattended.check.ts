import { JobQueue } from '@atlas/jobs';
import { Database, updateRows } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { type JobSubject, JobSubjects } from '../subjects/job-subjects';
import { DriftCheck } from './drift-check';

/** A job that can run is due at once or, at the latest, when its worker's lease expires. */
const LATEST_MS = 60_000;

/**
 * No worker has leased the job, and none will check it for a long time. The repair makes the job due and
 * wakes a worker.
 */
@Injectable()
export class JobUnattendedCheck extends DriftCheck<JobSubject> {
  readonly kind = 'job_unattended';

  constructor(
    readonly subjects: JobSubjects,
    private readonly database: Database,
    private readonly queue: JobQueue,
  ) {
    super();
  }

  find({ job, now }: JobSubject): string | null {
    const { status, leaseOwner, leaseExpiresAt, dueAt } = job;
    const isHeld = leaseOwner !== null && leaseExpiresAt !== null && leaseExpiresAt > now;
    // A waiting job has its own deadline.
    if (status === 'waiting' || isHeld || dueAt.getTime() - now.getTime() < LATEST_MS) return null;
    return (
      `Job ${job.id} (${job.operation}) is ${status}, but no worker has it, and none will check it before ` +
      `${dueAt.toISOString()}.`
    );
  }

  override async repair(manager: EntityManager, { job }: JobSubject): Promise<boolean> {
    const dueAt = (): string => this.database.fromNow(0);
    await updateRows(manager, ProvisioningJob, { id: job.id }, { dueAt });
    await this.queue.wake(manager, job.id);
    return true;
  }
}
