import { together } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { JobHost } from './job-host';
import { type JobRow } from './job-row';
import { JobWaker } from './job-waker';
import { Jobs } from './jobs';

export type EndingStatus = 'succeeded' | 'failed' | 'cancelled';

/** The columns that change when a job ends. */
type Ending = Pick<JobRow, 'status' | 'steps' | 'error' | 'leaseOwner' | 'leaseExpiresAt' | 'finishedAt'>;

/** Ends jobs, and does what their application and their parents need then. */
@Injectable()
export class JobEndings {
  constructor(
    private readonly jobs: Jobs,
    private readonly host: JobHost,
    private readonly waker: JobWaker,
  ) {}

  /** `store` writes the columns in the same transaction. */
  async end(
    manager: EntityManager,
    job: JobRow,
    status: EndingStatus,
    store: (ending: Ending) => Promise<void>,
  ): Promise<void> {
    const released = { leaseOwner: null, leaseExpiresAt: null, finishedAt: this.jobs.now(job) };
    const error = status === 'succeeded' ? null : job.error;
    await together([
      this.host.settle(manager, job, status),
      store({ ...released, status, steps: job.steps, error }),
    ]);
    if (job.parentId !== null) await this.waker.wakeWhere(manager, { id: job.parentId });
  }
}
