import { Database, lockedForUpdate } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../desired-state/desired-states';
import { Placement } from '../registry/placement.entity';
import { Tenant } from '../registry/tenant.entity';

/** How old a lease becomes before it is renewed. */
const RENEWAL_HOURS = 6;
/** How many leases one transaction renews. */
const BATCH = 200;

/** Renews the leases of tenants that are served. */
@Injectable()
export class LeaseRenewals {
  constructor(
    private readonly database: Database,
    private readonly desiredStates: DesiredStates,
    private readonly clock: Clock,
  ) {}

  async sweep(): Promise<void> {
    while ((await this.renew()) === BATCH);
  }

  private renew(): Promise<number> {
    return this.database.write(async (manager) => {
      const now = this.clock.now();
      const dueBefore = new Date(now.getTime() - RENEWAL_HOURS * 3600_000);
      // A freeze is timed from when it was published, so a frozen tenant's entry is not published again.
      const served = `exists (select 1 from ${manager.getRepository(Placement).metadata.tableName} place
        where place.tenant_id = tenant.id and place.phase = 'serving' and place.entry_revision > 0)`;
      const due = manager
        .createQueryBuilder(Tenant, 'tenant')
        .select('tenant.id')
        .where('coalesce(tenant.leased_at, tenant.created_at) < :dueBefore', { dueBefore })
        .andWhere("tenant.status in ('active', 'suspended')")
        .andWhere(served)
        .orderBy('tenant.id')
        .limit(BATCH);
      const ids = (await lockedForUpdate(due).getMany()).map(({ id }) => id);
      if (ids.length === 0) return 0;
      await manager.createQueryBuilder().update(Tenant).set({ leasedAt: now }).whereInIds(ids).execute();
      await this.desiredStates.publishHomes(manager, {
        select: 'select id from tenants where id in (:...ids)',
        parameters: { ids },
      });
      return ids.length;
    });
  }
}
