import { type UsageOfDay, type UsageView } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { type MeteredAmount } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, Like } from 'typeorm';
import { Placement } from '../registry/placement.entity';
import { requireTenant } from '../tenants/tenants';
import { TenantUsage } from './tenant-usage.entity';

/** What tenants have used, as their planes report it. */
@Injectable()
export class Usage {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Amounts are totals of a day and never fall, so the highest one counts. A report that arrives twice or
   * late changes nothing, and neither does a plane whose database was restored from a backup. What a plane
   * reports on tenants that were never placed on it is ignored.
   */
  async record(
    manager: EntityManager,
    tenantPlaneId: string,
    amounts: readonly MeteredAmount[],
  ): Promise<void> {
    const tenantIds = [...new Set(amounts.map(({ tenant_id }) => tenant_id))];
    if (tenantIds.length === 0) return;
    const places = await manager.findBy(Placement, { tenantPlaneId, tenantId: In(tenantIds) });
    const known = new Set(places.map(({ tenantId }) => tenantId));
    const higher = this.database.driver === 'postgres' ? 'greatest' : 'max';
    // In one order, so that two reports do not deadlock.
    const rows = amounts.filter(({ tenant_id }) => known.has(tenant_id)).sort(byKey);
    for (const { tenant_id, day, meter, amount } of rows)
      await manager.query(
        `insert into tenant_usage (tenant_id, day, meter, amount) values ($1, $2, $3, $4)
          on conflict (tenant_id, day, meter)
          do update set amount = ${higher}(tenant_usage.amount, excluded.amount)`,
        [tenant_id, day, meter, amount],
      );
  }

  /** Throws `tenant_not_found`. */
  async ofMonth(tenantId: string, month = this.clock.now().toISOString().slice(0, 7)): Promise<UsageView> {
    const rows = await this.database.read(async (manager) => {
      await requireTenant(manager, tenantId);
      return manager.find(TenantUsage, {
        where: { tenantId, day: Like(`${month}-%`) },
        order: { day: 'ASC' },
      });
    });
    const days = new Map<string, Record<string, number>>();
    const total: Record<string, number> = {};
    for (const { day, meter, amount } of rows) {
      days.set(day, { ...days.get(day), [meter]: amount });
      total[meter] = (total[meter] ?? 0) + amount;
    }
    return { month, days: Array.from(days, ([day, amounts]): UsageOfDay => ({ day, amounts })), total };
  }
}

function byKey(one: MeteredAmount, other: MeteredAmount): number {
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function keyOf({ tenant_id, day, meter }: MeteredAmount): string {
  return `${tenant_id} ${day} ${meter}`;
}
