import { ChangeTracking, Database, TenantScope } from '@atlas/persistence';
import { type DesiredState, type DesiredTenant } from '@atlas/plane-contract';
import { databaseFailure, databaseState } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { In, Not } from 'typeorm';
import { rowCodecs } from '../portability/row-codec';
import { deleteAll } from '../portability/row-store';
import { RunningTransfers } from '../portability/running-transfers';
import { SingleTenantFile } from '../database/single-tenant-file';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { Tenant } from '../tenancy/tenant.entity';
import { PlaneIdentities } from './plane-identities';
import { ServiceSecrets } from './service-secrets';

export interface Applied {
  readonly tenantId: string;
  readonly entryRevision: number;
  readonly error?: string;
  /** The error is not the last word: it is of the database, a disk or the line, and the same is tried again. */
  readonly isRetried?: boolean;
}

/** Makes this plane's directory what the Control Plane wants it to be. Entry by entry: one failure holds nobody back. */
@Injectable()
export class DesiredStateApplier {
  private readonly logger = new Logger(DesiredStateApplier.name);

  constructor(
    private readonly database: Database,
    private readonly transfers: RunningTransfers,
    private readonly directory: TenantDirectory,
    private readonly identities: PlaneIdentities,
    private readonly secrets: ServiceSecrets,
    private readonly file: SingleTenantFile,
  ) {}

  /** Applies and keeps: the revision moves on only when all of it is applied; until then the same changes are asked for again. */
  async accept(state: DesiredState): Promise<Applied[]> {
    const applied = await this.apply(state);
    const { keys, next_secret: nextSecret } = state.config;
    // Before the revision moves on: a plane that ends in between is told again.
    if (nextSecret !== undefined) await this.secrets.keepNext(nextSecret);
    await this.identities.update({
      keys: [...keys.keys],
      ...(!hasFailed(applied) && { revision: state.revision }),
    });
    return applied;
  }

  async apply(state: DesiredState): Promise<Applied[]> {
    const applied: Applied[] = [];
    for (const entry of state.tenants) applied.push(await this.applyOne(entry));
    await this.stopServing(state);
    this.directory.forget();
    return applied;
  }

  /** Those that are applied but not yet reported: the process ended in between. */
  async unreported(): Promise<Applied[]> {
    const tenants = await this.database.read((manager) =>
      manager
        .createQueryBuilder(Tenant, 'tenant')
        .where('tenant.reportedRevision < tenant.entryRevision')
        .take(1000)
        .getMany(),
    );
    return tenants.map(({ id, entryRevision }) => ({ tenantId: id, entryRevision }));
  }

  async markReported(applied: readonly Applied[]): Promise<void> {
    const done = applied.filter(({ error }) => error === undefined);
    if (done.length === 0) return;
    await this.database.write(async (manager) => {
      for (const { tenantId, entryRevision } of done) {
        await manager.update(Tenant, { id: tenantId }, { reportedRevision: entryRevision });
      }
    });
  }

  private async applyOne(entry: DesiredTenant): Promise<Applied> {
    const outcome = { tenantId: entry.tenant_id, entryRevision: entry.entry_revision };
    try {
      if (entry.phase !== 'retired') await this.file.fixTo(entry.tenant_id);
      await this.settleTransfers(entry);
      if (entry.purge) await this.purge(entry.tenant_id);
      // TypeORM's own type takes a JSON column for a relation.
      const row = rowOf(entry) as never;
      await this.database.write((manager) => manager.upsert(Tenant, row, ['id']));
      return outcome;
    } catch (error) {
      this.logger.error(error);
      if (databaseFailure(error)) return { ...outcome, error: databaseState(error).reason, isRetried: true };
      return { ...outcome, error: (error as Error).message };
    }
  }

  /**
   * A tenant that is at home here again, or for the first time, is neither followed nor frozen. One that has left or was
   * purged stays frozen: nothing more may be written to what is no longer it, whatever a replica has yet to learn.
   */
  private async settleTransfers(entry: DesiredTenant): Promise<void> {
    const known = await this.database.read((manager) => manager.findOneBy(Tenant, { id: entry.tenant_id }));
    const isOver = known?.transfer && known.transfer.id !== entry.transfer?.id;
    if (isOver || entry.purge) await this.transfers.end(entry.tenant_id);
    const isOtherwise = known && (isOver || known.phase !== entry.phase);
    const hasLeft = entry.phase === 'frozen' || entry.phase === 'retired';
    if (isOtherwise && !hasLeft) await new ChangeTracking(this.database).stop(entry.tenant_id);
  }

  private async purge(tenantId: string): Promise<void> {
    // A tenant that is served keeps its audit trail.
    await this.database.write((manager) => manager.update(Tenant, { id: tenantId }, { phase: 'retired' }));
    const codecs = rowCodecs(this.database.dataSource.manager);
    const count = await new ChangeTracking(this.database).finish(tenantId, (manager) =>
      deleteAll(new TenantScope(tenantId, manager), codecs),
    );
    this.logger.log(`Removed ${count} rows of tenant ${tenantId}, as the Control Plane wants.`);
  }

  /** What is not wanted here is no longer answered; its rows stay. */
  private async stopServing(state: DesiredState): Promise<void> {
    const wanted = state.tenants.map((entry) => entry.tenant_id);
    const gone = state.full ? { id: Not(In(wanted)) } : { id: In([...state.removed]) };
    if (!state.full && state.removed.length === 0) return;
    await this.database.write((manager) =>
      manager.update(Tenant, gone, { phase: 'retired', transfer: null, movedTo: null }),
    );
  }
}

export function hasFailed(applied: readonly Applied[]): boolean {
  return applied.some(({ error }) => error !== undefined);
}

function rowOf(entry: DesiredTenant): Omit<Tenant, 'importedTransferId' | 'moveConsentId'> {
  return {
    id: entry.tenant_id,
    slug: entry.slug,
    name: entry.name,
    status: entry.status,
    plan: entry.plan,
    adminEmail: entry.admin_email,
    phase: entry.phase,
    entryRevision: entry.entry_revision,
    reportedRevision: 0,
    transfer: entry.transfer ?? null,
    movedTo: entry.moved_to ?? null,
    purgeJobId: entry.purge?.job_id ?? null,
  };
}
