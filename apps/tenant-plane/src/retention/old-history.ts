import { Database, TenantDatabase, type TenantScope, takeLocks, tenantFrozen } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { ADVISORY_LOCKS } from '../database/advisory-locks';
import { TenantEntitlements } from '../entitlements/entitlements';
import { type Retention, retentionOf } from '../entitlements/retention';
import { HourlySweep } from '../tenancy/hourly-sweep';
import { activeTenants } from '../tenancy/serving-tenants';
import { requireStanding } from '../tenancy/tenant-standing';
import { Tenant } from '../tenancy/tenant.entity';

/** How many rows of a kind one transaction deletes, so that no other transaction has to wait long. */
export const HISTORY_BATCH = 500;
const DAY_MS = 86_400_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

export interface OldBatch {
  /** What had ended by then may be deleted. */
  readonly before: Date;
  /** The ID that the previous batch returned; one before all others for the first batch. */
  readonly after: string;
}

/**
 * Deletes at most {@link HISTORY_BATCH} old rows. Returns the ID after which the next batch begins, or null
 * if none is left. Whatever is used again by the time of the deletion must stay.
 */
export type DeleteSome = (scope: TenantScope, batch: OldBatch) => Promise<string | null>;

/** The kinds of which something may be left, and where their next batches begin. */
type Left = ReadonlyMap<DeleteSome, string>;

/**
 * Deletes the history that a tenant's plan does not keep, once a day for each active tenant whose home is
 * here. A sweep that ends early begins again in the next hour, and finds only what is left.
 */
@Injectable()
export class OldHistory extends HourlySweep {
  private readonly logger = new Logger(OldHistory.name);
  private readonly kinds: DeleteSome[] = [];

  constructor(
    private readonly plane: Database,
    private readonly tenants: TenantDatabase,
    private readonly entitlements: TenantEntitlements,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Registers how to delete one kind of history. Call it before the application starts. */
  on(deleteSome: DeleteSome): void {
    this.kinds.push(deleteSome);
  }

  async sweep(): Promise<void> {
    try {
      for await (const tenant of activeTenants(this.plane)) {
        if (this.isClosing) return;
        await this.attendTo(tenant).catch((error: unknown) => this.leave(error));
      }
    } catch (error) {
      this.leave(error);
    }
  }

  private leave(error: unknown): void {
    this.logger.warn(`Could not delete old history, trying again in an hour: ${(error as Error).message}`);
  }

  private async attendTo(tenant: Tenant): Promise<void> {
    const retention = await this.retentionOf(tenant);
    if (!retention) return;
    await this.note(tenant, retention);
    if (!isDue(tenant, retention)) return;
    let left: Left = new Map(this.kinds.map((kind) => [kind, BEFORE_ALL]));
    while (left.size > 0 && !this.isClosing) left = await this.deleteSome(tenant.id, left);
  }

  /** The plan may have changed since the sweep began. Replicas that sweep the same tenant take turns. */
  private deleteSome(tenantId: string, left: Left): Promise<Left> {
    return this.tenants.write(tenantId, async (scope) => {
      const tenant = await requireStanding(scope);
      if (tenant.phase !== 'serving') throw tenantFrozen();
      await takeLocks(scope.manager, { lockClass: ADVISORY_LOCKS.history, ids: [tenantId] });
      const before = (await this.retentionOf(tenant))?.before;
      const next = new Map<DeleteSome, string>();
      if (!before) return next;
      for (const [deleteSome, after] of left) {
        const last = await deleteSome(scope, { before, after });
        if (last !== null) next.set(deleteSome, last);
      }
      if (next.size === 0) await noteSwept(scope, before);
      return next;
    });
  }

  private async retentionOf(tenant: Tenant): Promise<Retention | null> {
    return retentionOf(tenant, await this.entitlements.of(tenant), this.clock.now());
  }

  /** The time of grace begins when the first replica sees the plan. */
  private async note({ id, retentionDays }: Tenant, { days, from }: Retention): Promise<void> {
    if (days === retentionDays) return;
    await this.plane.write((manager) =>
      manager
        .createQueryBuilder()
        .update(Tenant)
        .set({ retentionDays: days, retentionFrom: from })
        .where('id = :id and (retention_days is null or retention_days = :seen)', { id, seen: retentionDays })
        .execute(),
    );
  }
}

async function noteSwept({ manager, tenantId: id }: TenantScope, before: Date): Promise<void> {
  await manager.update(Tenant, { id }, { historySweptUntil: before });
}

function isDue({ historySweptUntil: until }: Tenant, { before }: Retention): boolean {
  if (before === null) return false;
  return until === null || before.getTime() - until.getTime() >= DAY_MS;
}
