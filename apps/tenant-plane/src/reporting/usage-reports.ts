import { Database, TenantDatabase, type TenantScope } from '@atlas/persistence';
import { MAX_REPORTED_USAGE, type MeteredAmount } from '@atlas/plane-contract';
import { Clock, ignoring } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThan } from 'typeorm';
import { DueTime } from '../due/due-time.entity';
import { dayOf } from '../entitlements/count-usage';
import { UsageDay } from '../entitlements/usage-day.entity';
import { Tenant } from '../tenancy/tenant.entity';

/** How many days the plane keeps what it has counted and reported. */
const KEPT_DAYS = 62;

type Counted = Pick<UsageDay, 'tenantId' | 'id' | 'amount'>;

/** Amounts to report, and the rows that they were read from. */
export interface UsageReport {
  readonly amounts: readonly MeteredAmount[];
  readonly rows: readonly Counted[];
}

/** Reads what the Control Plane does not know about the usage of tenants whose home is this plane. */
@Injectable()
export class UsageReports {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {}

  /** Up to as many amounts as one report may contain, those that have waited longest first. */
  async due(): Promise<UsageReport> {
    const amounts: MeteredAmount[] = [];
    const rows: Counted[] = [];
    for (const [tenantId, ids] of await this.dueRows()) {
      const counted = await this.tenants.read(tenantId, (scope) => amountsOf(scope, ids));
      if (amounts.length + counted.amounts.length > MAX_REPORTED_USAGE) break;
      amounts.push(...counted.amounts);
      rows.push(...counted.rows);
    }
    return { amounts, rows };
  }

  /** Notes that the Control Plane knows these amounts. A row that has grown since stays due. */
  async settle({ rows }: UsageReport): Promise<void> {
    for (const tenantId of new Set(rows.map((row) => row.tenantId)))
      await this.tenants
        .write(tenantId, async (scope) => {
          for (const { id, amount } of rows.filter((row) => row.tenantId === tenantId))
            await scope.update(UsageDay, { id, amount }, { reportAt: null });
          const old = dayOf(new Date(this.clock.now().getTime() - KEPT_DAYS * 24 * 3600_000));
          await scope.delete(UsageDay, { day: LessThan(old), reportAt: IsNull() });
        })
        // The tenant is moving, and its new home reports the amounts again.
        .catch(ignoring('tenant_frozen'));
  }

  /** Makes everything that is kept due again, because the Control Plane may have lost it in a restore. */
  async reportAgain(): Promise<void> {
    const reportAt = this.clock.now();
    const tenants = await this.database.read((manager) => manager.findBy(Tenant, { phase: 'serving' }));
    for (const { id } of tenants) {
      if (!(await this.tenants.read(id, (scope) => scope.exists(UsageDay, { reportAt: IsNull() })))) continue;
      await this.tenants
        .write(id, (scope) => scope.update(UsageDay, { reportAt: IsNull() }, { reportAt }))
        .catch(ignoring('tenant_frozen'));
    }
  }

  private async dueRows(): Promise<ReadonlyMap<string, readonly string[]>> {
    const due = await this.database.read((manager) =>
      manager
        .createQueryBuilder(DueTime, 'due')
        .innerJoin(Tenant, 'tenant', `tenant.id = due.ownerId and tenant.phase = 'serving'`)
        .where('due.tableName = :table', { table: 'usage_days' })
        .orderBy('due.dueAt')
        .limit(MAX_REPORTED_USAGE)
        .getMany(),
    );
    const ids = new Map<string, string[]>();
    for (const { ownerId, rowId } of due) ids.set(ownerId, [...(ids.get(ownerId) ?? []), rowId]);
    return ids;
  }
}

async function amountsOf(scope: TenantScope, ids: readonly string[]): Promise<UsageReport> {
  const due = await scope.find(UsageDay, { where: { id: In([...ids]) } });
  if (due.length === 0) return { amounts: [], rows: [] };
  const rows = await scope.find(UsageDay, { where: due.map(({ day, meter }) => ({ day, meter })) });
  const totals = new Map<string, MeteredAmount>();
  for (const { tenantId, day, meter, amount } of rows) {
    const key = `${day} ${meter}`;
    const before = totals.get(key)?.amount ?? 0;
    totals.set(key, { tenant_id: tenantId, day, meter, amount: before + amount });
  }
  return { amounts: [...totals.values()], rows: due };
}
