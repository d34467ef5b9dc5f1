import { Database, TenantDatabase, deleteOldRows } from '@atlas/persistence';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, IsNull, LessThanOrEqual, Not, type SelectQueryBuilder } from 'typeorm';
import { EgressCall, PlaneEgressCall } from '../egress/egress-call.entity';
import { idBefore } from '../egress/similar-calls';
import { TrustedTime } from '../plane-identity/trusted-time';
import { HourlySweep } from '../tenancy/hourly-sweep';
import { everyTenant } from '../tenancy/serving-tenants';
import { Tenant } from '../tenancy/tenant.entity';

const KEPT_DAYS = 90;
const DAY_MS = 86_400_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
/** For each tenant, and for the plane. A tenant that calls ever new servers does not fill the disk. */
const KEPT_ROWS = 50_000;

type Write = (work: (manager: EntityManager) => Promise<number>) => Promise<number>;

/**
 * Bounds the ledger: the oldest rows are deleted, also those of tenants that have moved away. Of a tenant
 * that was purged, nothing is kept: a process of an earlier version may have stored a row after the purge.
 *
 * The age of a row counts only by the Control Plane's clock. A plane whose own clock is wrong deletes no row
 * too early, and a plane that runs offline keeps its rows until there are too many.
 */
@Injectable()
export class OldCalls extends HourlySweep {
  private readonly logger = new Logger(OldCalls.name);

  constructor(
    private readonly plane: Database,
    private readonly tenants: TenantDatabase,
    private readonly time: TrustedTime,
  ) {
    super();
  }

  async sweep(keptRows = KEPT_ROWS): Promise<void> {
    try {
      await this.sweepPlane(keptRows);
      for await (const tenant of everyTenant(this.plane)) {
        if (this.isClosing) return;
        if (isPurged(tenant)) await this.sweepPurged(tenant.id);
        else await this.sweepTenant(tenant.id, keptRows);
      }
    } catch (error) {
      this.logger.warn(`Could not delete old calls, trying again in an hour: ${(error as Error).message}`);
    }
  }

  private async sweepPlane(keptRows: number): Promise<void> {
    const write: Write = (work) => this.plane.write(work);
    const tooMany = await this.plane.read((manager) =>
      rowAfter(keptRows, manager.createQueryBuilder(PlaneEgressCall, 'call')),
    );
    const where = { id: LessThanOrEqual(this.lastTooOld(tooMany)) };
    await deleteOldRows(write, { entity: PlaneEgressCall, key: 'id', where });
  }

  private async sweepTenant(tenantId: string, keptRows: number): Promise<void> {
    const write: Write = (work) => this.tenants.write(tenantId, ({ manager }) => work(manager));
    const tooMany = await this.tenants.read(tenantId, (scope) =>
      rowAfter(keptRows, scope.query(EgressCall, 'call')),
    );
    const where = { tenantId, id: LessThanOrEqual(this.lastTooOld(tooMany)) };
    await deleteOldRows(write, { entity: EgressCall, key: 'id', where });
  }

  private async sweepPurged(tenantId: string): Promise<void> {
    // The tenant may be coming back.
    const still = { id: tenantId, phase: 'retired', purgeJobId: Not(IsNull()) } as const;
    const write: Write = (work) =>
      this.tenants.write(tenantId, async ({ manager }) =>
        (await manager.existsBy(Tenant, still)) ? work(manager) : 0,
      );
    await deleteOldRows(write, { entity: EgressCall, key: 'id', where: { tenantId } });
  }

  /** IDs sort by time. */
  private lastTooOld(tooMany: string): string {
    const now = this.time.provenNow();
    if (now === null) return tooMany;
    const oldest = idBefore(new Date(now.getTime() - KEPT_DAYS * DAY_MS));
    return tooMany > oldest ? tooMany : oldest;
  }
}

function isPurged({ phase, purgeJobId }: Tenant): boolean {
  return phase === 'retired' && purgeJobId !== null;
}

/** The ID of the latest row that is one too many; one before all others if there is none. */
async function rowAfter<T extends { id: string }>(
  kept: number,
  rows: SelectQueryBuilder<T>,
): Promise<string> {
  const [first] = await rows.orderBy('call.id', 'DESC').offset(kept).limit(1).getMany();
  return first?.id ?? BEFORE_ALL;
}
