import { type JobView } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { tenantSlugs } from '../registry/tenant-slugs';
import { jobView } from './job.view';

/** Views jobs, with the slugs of their tenants. */
@Injectable()
export class JobViews {
  constructor(private readonly database: Database) {}

  async of(job: ProvisioningJob): Promise<JobView> {
    return (await this.viewer([job]))(job);
  }

  /** Views any of these jobs: their slugs are read at once. */
  async viewer(jobs: readonly ProvisioningJob[]): Promise<(job: ProvisioningJob) => JobView> {
    const ids = jobs.map(({ tenantId }) => tenantId);
    const slugs = await this.database.read((manager) => tenantSlugs(manager, ids));
    return (job) => jobView(job, slugs.get(job.tenantId) ?? null);
  }
}
