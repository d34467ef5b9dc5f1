import { JobQueue, JobWaker } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { ProvisioningJob } from './provisioning-job.entity';

@Injectable()
export class ProvisioningWaker extends JobWaker<ProvisioningJob> {
  constructor(database: Database, queue: JobQueue) {
    super(ProvisioningJob, database, queue);
  }

  async wakeForTenants(manager: EntityManager, tenantIds: readonly string[]): Promise<void> {
    if (tenantIds.length > 0) await this.wakeWhere(manager, { tenantId: In([...tenantIds]) });
  }

  /** Wakes the jobs that target these tenant planes. */
  async wakeForPlanes(manager: EntityManager, tenantPlaneIds: readonly string[]): Promise<void> {
    if (tenantPlaneIds.length > 0) await this.wakeWhere(manager, { tenantPlaneId: In([...tenantPlaneIds]) });
  }
}
