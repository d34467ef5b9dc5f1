import { JobQueue } from '@atlas/jobs';
import { Database, updateRows } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { type JobSubject, JobSubjects } from '../subjects/job-subjects';
import { DriftCheck } from './drift-check';

/** A job that is to be worked on is due at once, or when its worker's lease ends. */
const LATEST_MS = 60_000;

/** Nobody works on it, and nobody will look at it for long. Repaired: it is due, and woken. */
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
    // One that waits says itself until when.
    if (status === 'waiting' || isHeld || dueAt.getTime() - now.getTime() < LATEST_MS) return null;
    return (
      `Job ${job.id} (${job.operation}) is ${status}, nobody works on it, and nobody looks at it ` +
      `before ${dueAt.toISOString()}.`
    );
  }

  override async repair(manager: EntityManager, { job }: JobSubject): Promise<boolean> {
    const dueAt = (): string => this.database.fromNow(0);
    await updateRows(manager, ProvisioningJob, { id: job.id }, { dueAt });
    await this.queue.wake(manager, job.id);
    return true;
  }
}
