import { Database, TenantDatabase, deleteOldRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, LessThanOrEqual, type SelectQueryBuilder } from 'typeorm';
import { EgressCall, PlaneEgressCall } from '../egress/egress-call.entity';
import { idBefore } from '../egress/similar-calls';
import { HourlySweep } from '../tenancy/hourly-sweep';
import { servingTenants } from '../tenancy/serving-tenants';

const KEPT_DAYS = 90;
const DAY_MS = 86_400_000;
/** For each tenant, and for the plane. A tenant that calls ever new servers does not fill the disk. */
const KEPT_ROWS = 50_000;

type Write = (work: (manager: EntityManager) => Promise<number>) => Promise<number>;

/** Bounds the ledger: the oldest rows are deleted. */
@Injectable()
export class OldCalls extends HourlySweep {
  private readonly logger = new Logger(OldCalls.name);

  constructor(
    private readonly plane: Database,
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {
    super();
  }

  async sweep(keptRows = KEPT_ROWS): Promise<void> {
    try {
      await this.sweepPlane(keptRows);
      for await (const tenantId of servingTenants(this.plane)) {
        if (this.isClosing) return;
        await this.sweepTenant(tenantId, keptRows);
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

  /** IDs sort by time. */
  private lastTooOld(tooMany: string): string {
    const oldest = idBefore(new Date(this.clock.now().getTime() - KEPT_DAYS * DAY_MS));
    return tooMany > oldest ? tooMany : oldest;
  }
}

/** The ID of the latest row that is one too many; empty if there is none. */
async function rowAfter<T extends { id: string }>(
  kept: number,
  rows: SelectQueryBuilder<T>,
): Promise<string> {
  const [first] = await rows.orderBy('call.id', 'DESC').offset(kept).limit(1).getMany();
  return first?.id ?? '';
}
