import { isDeepStrictEqual } from 'node:util';
import {
  ChangeTracking,
  Database,
  TenantDatabase,
  TenantScope,
  isLockTimeout,
  lockedForUpdate,
  together,
  upsertRow,
} from '@atlas/persistence';
import { type DesiredState, type DesiredTenant } from '@atlas/plane-contract';
import { databaseFailure, databaseState } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, In, Not } from 'typeorm';
import { type SignedAnswer } from '../control-plane-client/control-plane-client';
import { ServiceSecrets } from '../control-plane-client/service-secrets';
import { ReopenedAccess } from '../credentials/reopened-access';
import { PlaneSchema } from '../database/plane-schema';
import { type Applied, hasFailed } from '../plane-identity/applied';
import { type Fence, Superseded } from '../plane-identity/fence';
import { PlaneIdentities, appliedAt } from '../plane-identity/plane-identities';
import { keysAfter } from '../plane-identity/published-keys';
import { Reportable, reportedText } from '../plane-identity/reportable';
import { rowCodecs } from '../portability/row-codec';
import { deleteAll, deleteStaying } from '../portability/row-store';
import { Leases } from '../tenancy/leases';
import { OldCopies } from '../tenancy/old-copies';
import { SingleTenantFile } from '../tenancy/single-tenant-file';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { lockTenant } from '../tenancy/tenant-standing';
import { Tenant } from '../tenancy/tenant.entity';

/** The column values of a tenant that is not served here. */
const RETIRED = { phase: 'retired', transfer: null, importedTransferId: null, movedTo: null } as const;
const COPY_MISSING =
  'The rows that this tenant was moved or restored with are missing from this database, so the tenant is ' +
  'not served from it. Restore a newer backup of this database, if you have one. If a restore is running, ' +
  'the backup will be imported again. After a move, GET /api/drifts says where the rows are kept.';
const PURGED =
  "The rows of this tenant were removed from this database at the Control Plane's request, so the tenant " +
  'is not served from it. If the Control Plane was restored from a backup older than the removal, restore ' +
  'a newer one, or restore a backup of this database from before the removal.';
const MOVED_AWAY =
  'This tenant has moved away from this tenant plane, and no copy of it has come back since. The ' +
  'rows here are from before the move, so the tenant is not served from them. If the Control ' +
  'Plane was restored from a backup older than the move, the runbook says what to do.';
const STILL_WRITTEN =
  "Some of this tenant's writes are still running. Its entry will be applied once they have finished.";

/**
 * Updates this plane's directory to the desired state, entry by entry, so that a tenant that fails does not
 * delay the others.
 */
@Injectable()
export class DesiredStateApplier {
  private readonly logger = new Logger(DesiredStateApplier.name);

  constructor(
    private readonly database: Database,
    private readonly schema: PlaneSchema,
    private readonly tenants: TenantDatabase,
    private readonly directory: TenantDirectory,
    private readonly identities: PlaneIdentities,
    private readonly secrets: ServiceSecrets,
    private readonly file: SingleTenantFile,
    private readonly reopened: ReopenedAccess,
    private readonly oldCopies: OldCopies,
    private readonly leases: Leases,
  ) {}

  /**
   * Records the state's revision as received, and applies the state. The applied revision advances only once
   * the whole state is applied. Until then, the same changes are requested again. Throws {@link Superseded}
   * if another replica has taken over the lease. A state that arrived `overLink` also counts as a contact.
   */
  async accept(
    { body: state, signedAt }: SignedAnswer<DesiredState>,
    fence: Fence,
    { overLink = false } = {},
  ): Promise<Applied[]> {
    const { keys, latest, next_secret: nextSecret } = state.config;
    const told = { toldRevision: state.revision, stateSignedAt: signedAt };
    // Recorded first. Otherwise, if the process died halfway, an older answer file could undo what was
    // applied.
    const published = keysAfter(this.identities.current.keys, keys.keys);
    const config = { keys: published, ...(latest !== undefined && { latestVersion: latest }) };
    const contact = overLink && { lastContactAt: await this.database.now() };
    await this.identities.update({ ...config, ...told, ...contact }, fence);
    const applied = await this.apply(state, fence);
    // Stored before the revision advances, so that a plane that stops in between receives the secret again.
    if (nextSecret !== undefined) await this.secrets.keepNext(nextSecret, fence);
    if (!hasFailed(applied)) await this.identities.update(appliedAt(state.revision), fence);
    return applied;
  }

  async apply(state: DesiredState, fence: Fence): Promise<Applied[]> {
    const applied: Applied[] = [];
    const known = state.full ? await this.known() : new Map<string, Tenant>();
    for (const entry of state.tenants)
      applied.push(await this.applyOne(entry, fence, known.get(entry.tenant_id)));
    await this.stopServing(state, fence);
    this.directory.forget();
    return applied;
  }

  /**
   * Returns what to report if a database `failure` prevented the state as a whole from being applied. The
   * state is requested again.
   */
  async postponed({ tenants }: DesiredState, failure: unknown): Promise<Applied[]> {
    const known = await this.known();
    const entries: DesiredTenant[] = [];
    for (const entry of tenants) {
      const tenant = known.get(entry.tenant_id);
      const lease = tenant ? await this.leases.newer(tenant, await this.leases.offered(entry)) : null;
      if (!tenant || !isStored(tenant, entry, lease)) entries.push(entry);
    }
    return entries.map((entry) => failed(entry, known.get(entry.tenant_id) ?? null, retried(failure)));
  }

  private async known(): Promise<Map<string, Tenant>> {
    const tenants = await this.database.read((manager) => manager.find(Tenant));
    return new Map(tenants.map((tenant) => [tenant.id, tenant]));
  }

  private async applyOne(entry: DesiredTenant, fence: Fence, known?: Tenant): Promise<Applied> {
    const outcome = outcomeOf(entry);
    try {
      const lease = await this.leases.offered(entry);
      if (entry.phase !== 'retired') await this.file.fixTo(entry.tenant_id);
      // A full state may list thousands of tenants, and is sent again as long as one of them fails, so only
      // new entries are written.
      if (known && isStored(known, entry, await this.leases.newer(known, lease))) return outcome;
      if (entry.purge) await this.purge(entry.tenant_id, fence);
      const lack = await this.write(entry.tenant_id, fence, (manager) => this.put(manager, entry, lease));
      return lack === null ? outcome : { ...outcome, ...lacking(lack) };
    } catch (error) {
      if (error instanceof Superseded) throw error;
      this.logger.error(error);
      return this.failedBy(entry, error);
    }
  }

  private async failedBy(entry: DesiredTenant, error: unknown): Promise<Applied> {
    const failure = failureOf(error);
    const id = entry.tenant_id;
    const read = this.database.read((manager) => manager.findOneBy(Tenant, { id }));
    return read.then(
      (known) => failed(entry, known, failure),
      () => ({ ...outcomeOf(entry), ...failure }),
    );
  }

  /**
   * Stores the tenant's directory row, and whether its data may be written, in one transaction. Data may be
   * written only if the tenant's home is here. A copy in transit stays frozen, and so does the data of a
   * tenant that has moved away, even on replicas that have yet to learn of it. Returns null if the tenant can
   * be served from the data here. Otherwise returns what is wrong with the data, and the tenant is not
   * served, not even from older rows.
   */
  private async put(
    manager: EntityManager,
    entry: DesiredTenant,
    lease: string | null,
  ): Promise<string | null> {
    const tracking = new ChangeTracking(this.database);
    const isServing = entry.phase === 'serving';
    const isTracked = isServing || entry.reopened !== undefined;
    const query = manager.createQueryBuilder(Tenant, 'tenant').where({ id: entry.tenant_id });
    const [, known] = await together([
      isTracked ? tracking.hold(entry.tenant_id) : Promise.resolve(),
      lockedForUpdate(query).getOne(),
    ]);
    const lack = lackOf(known, entry);
    if (lack !== null) {
      // The next attempt must not mistake these rows for a kept copy, or forget that the tenant has moved
      // away.
      const isBeingReplaced = known?.isBeingReplaced || entry.reopened !== undefined;
      const movedTo = lack === MOVED_AWAY && known ? known.movedTo : null;
      await manager.update(Tenant, { id: entry.tenant_id }, { ...RETIRED, isBeingReplaced, movedTo });
      return lack;
    }
    requireWholeCopy(known, entry);
    const isFollowed = known?.phase === 'serving' && known.transfer?.id === entry.transfer?.id;
    // Nothing is tracked of a tenant that has never been here.
    if (isServing && known && !isFollowed) await tracking.stop(entry.tenant_id);
    if (reopens(known, entry)) {
      const reopen = () => this.reopen(new TenantScope(entry.tenant_id, manager), entry.reopened.job_id);
      // If the tenant's data may be written, the revocation is an ordinary change, and a running transfer
      // copies it. Otherwise, no transfer tracks changes yet, so it is safe to write despite the freeze.
      const isWritable = isServing || known?.phase === 'serving';
      await (isWritable ? reopen() : tracking.writeFrozen(entry.tenant_id, reopen));
    }
    const frozenAt = entry.phase === 'frozen' ? await this.database.now() : null;
    const newest = await this.leases.newer(known, lease);
    await upsertRow(manager, Tenant, rowOf(entry, known, { frozenAt, lease: newest }), ['id']);
    // Calls that were noted before may have been stored since the purge. From here on, none are.
    if (entry.purge) await deleteStaying(new TenantScope(entry.tenant_id, manager), this.schema);
    return null;
  }

  private async reopen(scope: TenantScope, jobId: string): Promise<void> {
    await this.oldCopies.settle(scope);
    await this.reopened.end(scope, jobId);
  }

  private async purge(tenantId: string, fence: Fence): Promise<void> {
    // The audit trail of a served tenant cannot be deleted, so stop serving the tenant first. This also keeps
    // transfers from writing the tenant's rows.
    await this.write(tenantId, fence, (manager) => manager.update(Tenant, { id: tenantId }, RETIRED));
    const codecs = rowCodecs(this.schema, this.database.dataSource.manager);
    const tracking = new ChangeTracking(this.database);
    // Does not take the tenant's lock, because its users' writes have already finished. Taking the lock could
    // also cause a deadlock with the sending of an email, which locks the email's row before it waits for the
    // tenant's lock.
    const count = await this.fenced(tenantId, fence, async () => {
      await tracking.stop(tenantId);
      // The tenant stays frozen from here on.
      return tracking.writeFrozen(tenantId, () =>
        this.tenants.write(
          tenantId,
          async (scope) => (await deleteAll(scope, codecs)) + (await deleteStaying(scope, this.schema)),
        ),
      );
    });
    this.logger.log(`Removed ${count} rows of tenant ${tenantId}, as the Control Plane requested.`);
  }

  /** Stops serving tenants that are no longer wanted here, but keeps their rows. */
  private async stopServing({ full, tenants, removed }: DesiredState, fence: Fence): Promise<void> {
    const wanted = tenants.map((entry) => entry.tenant_id);
    const which = full ? { id: Not(In(wanted)) } : { id: In([...removed]) };
    if (!full && removed.length === 0) return;
    const known = await this.database.read((manager) => manager.findBy(Tenant, which));
    let failure: unknown;
    // No job waits for a report on these tenants, and the Control Plane may not even know them.
    const stopped = { ...RETIRED, reportedRevision: () => 'entry_revision' };
    // One at a time, so that no tenant has to wait for another tenant's writes.
    for (const { id } of known.filter((tenant) => !isStopped(tenant))) {
      await this.write(id, fence, (manager) => manager.update(Tenant, { id }, stopped)).catch(
        (error: unknown) => (failure = error),
      );
    }
    if (failure !== undefined) throw failure;
  }

  /** Runs `work` once the users' writes in progress have finished. Later writes see the change. */
  private write<T>(tenantId: string, fence: Fence, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.fenced(tenantId, fence, async (manager) => {
      await lockTenant(manager, tenantId);
      return work(manager);
    });
  }

  private fenced<T>(
    tenantId: string,
    fence: Fence,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    return this.database.writeAs(tenantId, async (manager) => {
      const result = await work(manager);
      await fence(manager);
      return result;
    });
  }
}

function isStopped({ phase, movedTo, reportedRevision, entryRevision }: Tenant): boolean {
  return phase === 'retired' && movedTo === null && reportedRevision >= entryRevision;
}

function isHome({ phase }: DesiredTenant): boolean {
  return phase === 'serving' || phase === 'frozen';
}

/** Whether a job that this plane has not seen before wants this plane's copy served again. */
function reopens(
  known: Tenant | null,
  entry: DesiredTenant,
): entry is DesiredTenant & Required<Pick<DesiredTenant, 'reopened'>> {
  return isHome(entry) && entry.reopened !== undefined && known?.reopenedBy !== entry.reopened.job_id;
}

/**
 * Why the rows here are not the tenant's current rows, or null if they are. The database may be empty, or
 * older than the restore or move. An import or a removal may have deleted the kept copy. Or the Control
 * Plane's own state may be from before the tenant moved away.
 */
function lackOf(known: Tenant | null, entry: DesiredTenant): string | null {
  if (!isHome(entry)) return null;
  const { requires_copy: required } = entry;
  if (required !== undefined) return known?.importedTransferId === required ? null : COPY_MISSING;
  if (reopens(known, entry)) {
    if (known && (known.isBeingReplaced || known.purgeJobId !== null)) return COPY_MISSING;
    return entry.reopened.requires_rows === true && !keepsCopy(known) ? COPY_MISSING : null;
  }
  if (known && known.purgeJobId !== null) return PURGED;
  return known && known.movedTo !== null ? MOVED_AWAY : null;
}

/**
 * Whether the plane has kept the tenant's rows. A tenant is frozen before it moves away, and a tenant that is
 * moving back has `movedTo` set. Any other tenant was never on this plane.
 */
function keepsCopy(known: Tenant | null): boolean {
  return known?.phase === 'frozen' || known?.phase === 'retired' || Boolean(known?.movedTo);
}

/** Refuses to serve a tenant from an incomplete copy, even if the Control Plane considers it complete. */
function requireWholeCopy(known: Tenant | null, entry: DesiredTenant): void {
  if (!isHome(entry) || known?.phase !== 'importing' || known.transfer === null) return;
  // The plane missed the cancellation of an import that it had not begun.
  if (reopens(known, entry)) return;
  if (known.importedTransferId === known.transfer.id) return;
  throw new Reportable(
    "The copy of this tenant's rows in this database is incomplete, so the tenant is not served from " +
      'it. If the database was restored from a backup, restore a newer one.',
  );
}

/** Whether storing the entry again would change nothing. A freeze always updates `frozenAt`. */
function isStored(known: Tenant, entry: DesiredTenant, lease: string | null): boolean {
  if (entry.phase !== 'serving' || lackOf(known, entry) !== null) return false;
  const wanted = {
    ...rowOf(entry, known, { frozenAt: null, lease }),
    reportedRevision: known.reportedRevision,
  };
  return isDeepStrictEqual({ ...known, ...wanted }, { ...known });
}

function outcomeOf(entry: DesiredTenant): Pick<Applied, 'tenantId' | 'entryRevision'> {
  return { tenantId: entry.tenant_id, entryRevision: entry.entry_revision };
}

type Failure = Pick<Applied, 'error' | 'code' | 'isRetried'>;

function failureOf(error: unknown): Failure {
  if (isLockTimeout(error)) return { error: STILL_WRITTEN, isRetried: true };
  return databaseFailure(error) ? retried(error) : { error: reportedText(error) };
}

function retried(failure: unknown): Failure {
  return { error: databaseState(failure).reason, isRetried: true };
}

function lacking(lack: string): Failure {
  return { error: lack, code: 'copy_missing' };
}

/**
 * Missing rows are found by reading, so they can be reported even if a write has failed. The Control Plane
 * relies on this report, so no other failure may replace it.
 */
function failed(entry: DesiredTenant, known: Tenant | null, failure: Failure): Applied {
  const lack = lackOf(known, entry);
  return { ...outcomeOf(entry), ...(lack === null ? failure : lacking(lack)) };
}

function rowOf(
  entry: DesiredTenant,
  known: Tenant | null,
  { frozenAt, lease }: { readonly frozenAt: Date | null; readonly lease: string | null },
): Omit<Tenant, 'moveConsentId' | 'runBegunAt'> {
  const imported = known?.importedTransferId ?? null;
  const isWanted = imported !== null && [entry.transfer?.id, entry.requires_copy].includes(imported);
  return {
    id: entry.tenant_id,
    slug: entry.slug,
    name: entry.name,
    status: entry.status,
    plan: entry.plan,
    lease,
    adminEmail: entry.admin_email,
    phase: entry.phase,
    frozenAt,
    entryRevision: entry.entry_revision,
    reportedRevision: 0,
    transfer: entry.phase === 'retired' ? null : (entry.transfer ?? null),
    // A copy left by an earlier move is not the copy for this move.
    importedTransferId: isWanted ? imported : null,
    // Once rows are served, they count as the tenant's own.
    isBeingReplaced: !isHome(entry) && (known?.isBeingReplaced ?? false),
    reopenedBy: entry.reopened?.job_id ?? known?.reopenedBy ?? null,
    movedTo: entry.moved_to ?? null,
    movingTo: entry.moving_to ?? null,
    signupLinks: entry.signup_links ?? null,
    purgeJobId: entry.purge?.job_id ?? null,
    ...retentionAfter(entry, known),
  };
}

/** A tenant that comes back may have bought more history meanwhile, so its time of grace begins again. */
function retentionAfter(
  { phase }: DesiredTenant,
  known: Tenant | null,
): Pick<Tenant, 'retentionDays' | 'retentionFrom' | 'historySweptUntil'> {
  const stays = known && known.phase !== 'retired' && (phase === 'serving' || phase === 'frozen');
  const { retentionDays = null, retentionFrom = null, historySweptUntil = null } = stays ? known : {};
  return { retentionDays, retentionFrom, historySweptUntil };
}
