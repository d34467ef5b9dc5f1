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
   * Entries that were applied but not reported, because the process stopped in between. While any entry of
   * the newest state fails, these entries may still be from the epoch before a restore of the Control Plane.
   * So report them only together with the outcome of the newest state.
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
   * Marks entries as reported. The response to the report may arrive so late that the same entry revisions
   * already belong to another epoch. Entries of another epoch are not marked.
   */
  async mark(applied: readonly Applied[], epoch: string | null): Promise<void> {
    const done = applied.filter(({ error }) => error === undefined);
    if (done.length === 0) return;
    await this.database
      .write(async (manager) => {
        for (const { tenantId, entryRevision } of done) {
          // A newer entry has not been reported yet.
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
 * Call it last, like a fence. A state's revision is recorded before its first entry is stored, so a
 * transaction that finds an entry of another epoch also finds that epoch's revision.
 */
async function requireEpoch(manager: EntityManager, epoch: string | null): Promise<void> {
  const { toldRevision, revision } = await manager.findOneByOrFail(PlaneIdentity, { id: 1 });
  const newest = toldRevision ?? revision;
  if (newest === null || epochOf(newest) !== epoch)
    throw new Superseded('The Control Plane is in another epoch by now.');
}
