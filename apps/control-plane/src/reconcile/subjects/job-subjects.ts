import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { type Subject, Subjects, pagesById } from './subject';

export interface JobSubject extends Subject {
  readonly job: ProvisioningJob;
  /** The current time by the database's clock, which job leases also use. */
  readonly now: Date;
}

@Injectable()
export class JobSubjects extends Subjects<JobSubject> {
  readonly kind = 'job';

  constructor(private readonly database: Database) {
    super();
  }

  async *pages(manager: EntityManager): AsyncGenerator<readonly JobSubject[]> {
    const pages = pagesById((after, take) => {
      const where = { id: MoreThan(after), status: In([...LIVE_JOB_STATUSES]) };
      return manager.find(ProvisioningJob, { where, order: { id: 'ASC' }, take });
    });
    for await (const jobs of pages) yield await this.described(jobs);
  }

  async one(manager: EntityManager, id: string): Promise<JobSubject | null> {
    const job = await manager.findOneBy(ProvisioningJob, { id, status: In([...LIVE_JOB_STATUSES]) });
    const [described] = await this.described(job ? [job] : []);
    return described ?? null;
  }

  lock(manager: EntityManager, id: string): Promise<unknown> {
    return manager.query('update provisioning_jobs set id = id where id = $1', [id]);
  }

  private async described(jobs: readonly ProvisioningJob[]): Promise<readonly JobSubject[]> {
    const now = await this.database.now();
    return jobs.map((job) => ({ id: job.id, isBusy: false, job, now }));
  }
}
