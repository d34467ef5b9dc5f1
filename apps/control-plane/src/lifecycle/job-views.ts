import { type JobView } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { tenantSlugs } from '../registry/tenant-slugs';
import { jobView } from './job.view';

/** Creates views of jobs, including their tenants' slugs. */
@Injectable()
export class JobViews {
  constructor(private readonly database: Database) {}

  async of(job: ProvisioningJob): Promise<JobView> {
    return (await this.viewer([job]))(job);
  }

  /** Returns a function that creates the view of any of these jobs. All slugs are read in one query. */
  async viewer(jobs: readonly ProvisioningJob[]): Promise<(job: ProvisioningJob) => JobView> {
    const ids = jobs.map(({ tenantId }) => tenantId);
    const slugs = await this.database.read((manager) => tenantSlugs(manager, ids));
    return (job) => jobView(job, slugs.get(job.tenantId) ?? null);
  }
}
