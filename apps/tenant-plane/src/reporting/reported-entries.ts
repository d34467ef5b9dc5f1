import { Database } from '@atlas/persistence';
import { epochOf } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type Applied } from '../plane-identity/applied';
import { Superseded } from '../plane-identity/fence';
import { PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { Tenant } from '../tenancy/tenant.entity';

/** Which entries of the directory have been reported to the Control Plane. */
@Injectable()
export class ReportedEntries {
  constructor(private readonly database: Database) {}

  /**
   * Entries that were applied but not reported, because the process ended in between. If an entry fails, they
   * may be of the epoch before a restore of the Control Plane: report them only together with the outcome of
   * the newest state.
   */
  async missing(): Promise<Applied[]> {
    const tenants = await this.database.read((manager) =>
      manager
        .createQueryBuilder(Tenant, 'tenant')
        .where('tenant.reportedRevision < tenant.entryRevision')
        .take(1000)
        .getMany(),
    );
    return tenants.map(({ id, entryRevision }) => ({ tenantId: id, entryRevision }));
  }

  /**
   * The answer may arrive late, when the same numbers mean entries of another epoch: those are not yet
   * reported.
   */
  async mark(applied: readonly Applied[], epoch: string | null): Promise<void> {
    const done = applied.filter(({ error }) => error === undefined);
    if (done.length === 0) return;
    await this.database
      .write(async (manager) => {
        for (const { tenantId, entryRevision } of done) {
          // A newer entry is not yet reported.
          await manager.update(Tenant, { id: tenantId, entryRevision }, { reportedRevision: entryRevision });
        }
        await requireEpoch(manager, epoch);
      })
      .catch((error: unknown) => {
        if (!(error instanceof Superseded)) throw error;
      });
  }
}

/**
 * Call it last, like a fence: a state's revision is recorded before its first entry is stored, so whoever
 * finds an entry of another epoch also finds that.
 */
async function requireEpoch(manager: EntityManager, epoch: string | null): Promise<void> {
  const { toldRevision, revision } = await manager.findOneByOrFail(PlaneIdentity, { id: 1 });
  const newest = toldRevision ?? revision;
  if (newest === null || epochOf(newest) !== epoch)
    throw new Superseded('The Control Plane is in another epoch by now.');
}
