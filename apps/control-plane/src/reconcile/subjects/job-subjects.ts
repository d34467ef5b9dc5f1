import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { type Subject, type SubjectPage, Subjects, pageById } from './subject';

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

  async page(manager: EntityManager, position: string | null): Promise<SubjectPage<JobSubject>> {
    const { rows, next } = await pageById(position, (after, take) =>
      manager
        .createQueryBuilder(ProvisioningJob, 'job')
        .where({ id: MoreThan(after) })
        // This condition matches the partial index.
        .andWhere("job.status in ('queued', 'running', 'waiting')")
        .orderBy('job.id')
        .limit(take)
        .getMany(),
    );
    return { subjects: await this.described(rows), next };
  }

  async some(manager: EntityManager, ids: readonly string[]): Promise<readonly JobSubject[]> {
    const where = { id: In([...ids]), status: In([...LIVE_JOB_STATUSES]) };
    return this.described(await manager.findBy(ProvisioningJob, where));
  }

  lock(manager: EntityManager, id: string): Promise<unknown> {
    return manager.query('update provisioning_jobs set id = id where id = $1', [id]);
  }

  private async described(jobs: readonly ProvisioningJob[]): Promise<readonly JobSubject[]> {
    const now = await this.database.now();
    return jobs.map((job) => ({ id: job.id, isBusy: false, job, now }));
  }
}
