import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Clock, ignoring } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThanOrEqual, type SelectQueryBuilder } from 'typeorm';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { HAS_LIVE_JOB, WAITS_FOR_A_PERSON } from '../../provisioning-jobs/live-jobs';
import { Tenant } from '../../registry/tenant.entity';
import { lockTenant } from '../../tenants/tenants';

const AT_ONCE = 20;

/** SQL: whether the tenant in the row aliased `tenant` has a stopped purge that a person may still retry. */
const PURGE_WAITS = `exists (select 1 from provisioning_jobs job
  where job.tenant_id = tenant.id and job.operation = 'purge' and ${WAITS_FOR_A_PERSON}
    and not exists (select 1 from provisioning_jobs since
      where since.tenant_id = job.tenant_id and since.id > job.id))`;

/** Starts purges of tenants that can no longer be restored. */
@Injectable()
export class Purges {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
    private readonly clock: Clock,
  ) {}

  /** Skips busy tenants, so that they do not hold up the others. */
  async sweep(): Promise<void> {
    const due = await this.database.read((manager) => this.due(manager).limit(AT_ONCE).getMany());
    for (const { id } of due)
      await this.database
        .write((manager) => this.purge(manager, id))
        // Another job for this tenant has just started or ended. The next sweep tries again.
        .catch(ignoring('operation_in_progress', 'invalid_transition'));
  }

  /**
   * Checks the tenant again under its lock. While the sweep was paused, the tenant
   * may have been restored, or another purge may have failed or been cancelled.
   */
  private async purge(manager: EntityManager, id: string): Promise<void> {
    await lockTenant(manager, id);
    if (await this.due(manager).andWhere({ id }).getExists())
      await this.operations.start(manager, id, 'purge');
  }

  private due(manager: EntityManager): SelectQueryBuilder<Tenant> {
    return manager
      .createQueryBuilder(Tenant, 'tenant')
      .where({ restorableUntil: LessThanOrEqual(this.clock.now()) })
      .andWhere(`not ${HAS_LIVE_JOB}`, { live: LIVE_JOB_STATUSES })
      .andWhere(`not ${PURGE_WAITS}`);
  }
}
