import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { LIVE_JOB_STATUSES } from '../../provisioning/job';
import { ProvisioningJob } from '../../provisioning/job.entity';
import { type Subject, Subjects, pagesById } from '../subject';

export interface JobSubject extends Subject {
  readonly job: ProvisioningJob;
  readonly now: Date;
}

@Injectable()
export class JobSubjects extends Subjects<JobSubject> {
  readonly kind = 'job';

  constructor(private readonly clock: Clock) {
    super();
  }

  async *pages(manager: EntityManager): AsyncGenerator<readonly JobSubject[]> {
    const pages = pagesById((after, take) => {
      const where = { id: MoreThan(after), status: In([...LIVE_JOB_STATUSES]) };
      return manager.find(ProvisioningJob, { where, order: { id: 'ASC' }, take });
    });
    for await (const jobs of pages) yield jobs.map((job) => this.describe(job));
  }

  async one(manager: EntityManager, id: string): Promise<JobSubject | null> {
    const job = await manager.findOneBy(ProvisioningJob, { id, status: In([...LIVE_JOB_STATUSES]) });
    return job && this.describe(job);
  }

  lock(manager: EntityManager, id: string): Promise<unknown> {
    return manager.query('update provisioning_jobs set id = id where id = $1', [id]);
  }

  private describe(job: ProvisioningJob): JobSubject {
    return { id: job.id, isBusy: false, job, now: this.clock.now() };
  }
}
