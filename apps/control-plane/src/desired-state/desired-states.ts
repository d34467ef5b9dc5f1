import { randomUUID } from 'node:crypto';
import {
  Wakes,
  Database,
  Signals,
  insertIfAbsent,
  lockedForUpdate,
  together,
  updateRows,
} from '@atlas/persistence';
import {
  type DesiredSignupLinks,
  type DesiredState,
  type DesiredTenant,
  type DesiredTransfer,
  epochOf,
} from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EntityManager, Not } from 'typeorm';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { ControlPlaneState } from '../database/plane-state.entity';
import { Placement } from '../registry/placement.entity';
import { UNHEARD } from '../registry/placements';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { Transfer, type TransferPurpose } from '../registry/transfer.entity';
import { PlaneTurns } from '../service-keys/plane-turns';
import { ServiceKeys, keyRevoked } from '../service-keys/service-keys';
import { SigningKeys } from '../signing-keys/signing-keys';
import { Leases } from './leases';
import { toldSignupLinks } from './told-signup-links';

const REVISION_OF_PLANE =
  'select revision from tenant_planes where tenant_planes.id = placements.tenant_plane_id';

/** SQL: whether the tenant is moving back to a former home, to which users may still send requests. */
const IS_BACK = `case when placement.phase = 'importing' then exists (
    select 1 from transfers former where former.tenant_id = placement.tenant_id
      and former.source_plane_id = plane.id and former.purpose = 'move'
  ) end`;

/**
 * Derives from placements what each plane should serve, and sends each plane the changes since its revision.
 */
@Injectable()
export class DesiredStates implements OnModuleInit {
  private epoch = '';

  constructor(
    private readonly database: Database,
    private readonly signals: Signals,
    private readonly keys: SigningKeys,
    private readonly leases: Leases,
    private readonly serviceKeys: ServiceKeys,
    private readonly turns: PlaneTurns,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const state = { id: 1, epoch: randomUUID().replaceAll('-', '').slice(0, 12) };
    await this.database.write(async (manager) => {
      if (await insertIfAbsent(manager, ControlPlaneState, state)) await this.forgetReports(manager);
    });
    this.epoch = (
      await this.database.read((manager) => manager.findOneByOrFail(ControlPlaneState, { id: 1 }))
    ).epoch;
  }

  /**
   * Planes may have changed since the backup that this database was restored
   * from, so nothing counts as applied until they report it in the new epoch.
   * A retired plane no longer reports, so its last report still counts.
   */
  private async forgetReports(manager: EntityManager): Promise<void> {
    const reporting = "select id from tenant_planes where status <> 'retired'";
    const entries = manager.createQueryBuilder().update(Placement).where(`tenant_plane_id in (${reporting})`);
    await entries.set(UNHEARD).execute();
    // Wakes waiting planes, which then receive everything again.
    await manager.update(TenantPlane, { status: Not('retired') }, { revisedAt: this.clock.now() });
  }

  /**
   * Publishes a changed entry. Call this last in a transaction, because incrementing the plane's revision
   * locks the plane's row until the commit. The lock ensures that revisions are committed in order. Also
   * makes the `changes` to the placement. Returns whether there is such a placement.
   */
  async publish(
    manager: EntityManager,
    placement: Pick<Placement, 'tenantId' | 'tenantPlaneId'>,
    changes: Partial<Pick<Placement, 'phase'>> = {},
  ): Promise<boolean> {
    const { tenantId, tenantPlaneId } = placement;
    const plane = manager.createQueryBuilder().update(TenantPlane).where({ id: tenantPlaneId });
    const entry = manager.createQueryBuilder().update(Placement).where({ tenantId, tenantPlaneId });
    // Both statements are sent together, and run in this order.
    const [, { affected }] = await together([
      plane.set({ revision: () => 'revision + 1', revisedAt: this.clock.now() }).execute(),
      entry.set({ ...changes, entryRevision: () => `(${REVISION_OF_PLANE})` }).execute(),
    ]);
    this.signals.publish(topicOf(tenantPlaneId));
    return affected === 1;
  }

  /**
   * Like `publish`, for the homes of many tenants at once. Entries for
   * the same plane share a revision. `select` selects the tenants' ids.
   */
  async publishHomes(
    manager: EntityManager,
    {
      select,
      parameters,
    }: { readonly select: string; readonly parameters: Readonly<Record<string, unknown>> },
  ): Promise<void> {
    const homes = `tenant_id in (${select}) and phase in ('serving', 'frozen') and entry_revision > 0`;
    const theirs = `id in (select tenant_plane_id from placements where ${homes})`;
    const planes = manager
      .createQueryBuilder(TenantPlane, 'plane')
      .select('plane.id')
      .where(theirs, parameters)
      .orderBy('plane.id');
    const plane = manager.createQueryBuilder().update(TenantPlane).where(theirs, parameters);
    const entries = manager.createQueryBuilder().update(Placement).where(homes, parameters);
    const [locked] = await together([
      lockedForUpdate(planes).getMany(),
      plane.set({ revision: () => 'revision + 1', revisedAt: this.clock.now() }).execute(),
      entries.set({ entryRevision: () => `(${REVISION_OF_PLANE})` }).execute(),
    ]);
    for (const { id } of locked) this.signals.publish(topicOf(id));
  }

  /** Like `publish`, for the configuration of the plane itself. */
  async announce(
    manager: EntityManager,
    tenantPlaneId: string,
    changes: Partial<TenantPlane>,
  ): Promise<void> {
    const revised = { revision: () => 'revision + 1', revisedAt: this.clock.now() };
    await updateRows(manager, TenantPlane, { id: tenantPlaneId }, { ...changes, ...revised });
    this.signals.publish(topicOf(tenantPlaneId));
  }

  /**
   * Returns null if nothing has changed since `since`. `keyId` is the key with which the plane
   * signs. If a rotation is waiting for the plane, the response includes the next secret.
   */
  async changes(
    tenantPlaneId: string,
    since: string | undefined,
    keyId?: string,
  ): Promise<DesiredState | null> {
    const n = since === undefined ? null : this.knownRevision(since);
    const rows = await this.rows(tenantPlaneId, n ?? 0, keyId);
    // A call that waited while its key was revoked gets the same response as a call made afterwards.
    if (rows[0]?.key_revoked_at) throw keyRevoked();
    const current = rows[0]?.plane_revision ?? 0;
    const isFull = n === null || n > current;
    if (!isFull && n === current) return null;
    const entries = isFull && n !== null ? await this.rows(tenantPlaneId, 0) : rows;
    // Read after the entries, so that newer changes are sent twice rather than missed.
    const [links, leases] = entries.some(isEntry)
      ? await this.database.read((manager) =>
          together([
            toldSignupLinks(manager, tenantPlaneId, isFull ? 0 : n),
            this.leases.told(manager, tenantPlaneId, isFull ? 0 : n),
          ]),
        )
      : [new Map<string, DesiredSignupLinks>(), new Map<string, string>()];
    const state = this.describe(entries, { links, leases }, current, isFull);
    const next = rows[0]?.next_key_id;
    if (!next || keyId === undefined || keyId === next) return state;
    const next_secret = await this.serviceKeys.handOver(tenantPlaneId, keyId, next);
    return next_secret === undefined ? state : { ...state, config: { ...state.config, next_secret } };
  }

  /** Like `changes`, but waits up to `seconds` for a change. A waiting plane causes no queries. */
  async awaitChanges(
    { tenantPlaneId, keyId }: { readonly tenantPlaneId: string; readonly keyId: string },
    since: string,
    seconds: number,
    ended: AbortSignal,
  ): Promise<DesiredState | null> {
    // Subscribes before the first query, so that no change is missed.
    const wakes = new Wakes(this.signals, topicOf(tenantPlaneId), seconds, ended);
    // A plane that has left in the meantime needs no answer.
    const look = (): Promise<DesiredState | null> =>
      this.turns.next(async () => (ended.aborted ? null : this.changes(tenantPlaneId, since, keyId)));
    try {
      let changes = await look();
      while (!changes && (await wakes.next())) changes = await look();
      // Checked here, because no signal announces that a key was revoked.
      if (!changes && ended.aborted) await this.serviceKeys.requireAccepted(keyId);
      return changes;
    } finally {
      wakes.stop();
    }
  }

  /**
   * Whether a report's revision belongs to the current epoch. A tenant plane of an older
   * version that has not yet applied a full state reports `none`, which is accepted too.
   */
  isOfThisEpoch(revision: string): boolean {
    const epoch = epochOf(revision);
    return epoch === this.epoch || epoch === 'none';
  }

  /** Whether the plane has applied its current revision. */
  isUpToDate({ appliedRevision, revision }: TenantPlane): boolean {
    return (this.knownRevision(appliedRevision ?? '') ?? -1) >= revision;
  }

  /** The revision number that the plane has applied, or 0 if the revision is from an earlier epoch. */
  appliedBy({ appliedRevision }: TenantPlane): number {
    return this.knownRevision(appliedRevision ?? '') ?? 0;
  }

  /**
   * Wakes the planes that are waiting in this process and whose
   * desired state has changed since `time`, in case a signal was lost.
   */
  async wakeChangedSince(time: Date): Promise<void> {
    const planes = await this.database.read((manager) =>
      manager
        .createQueryBuilder(TenantPlane, 'plane')
        .select(['plane.id'])
        .where('plane.revisedAt > :time', { time })
        .getMany(),
    );
    for (const plane of planes) this.signals.deliver(topicOf(plane.id));
  }

  /** Uses a single statement, so that the revision and the entries are consistent. */
  private rows(tenantPlaneId: string, since: number, keyId = ''): Promise<ChangedRow[]> {
    return this.database.read((manager) =>
      manager
        .createQueryBuilder(TenantPlane, 'plane')
        .leftJoin(
          Placement,
          'placement',
          'placement.tenantPlaneId = plane.id and placement.entryRevision > :since',
          { since },
        )
        .leftJoin(Tenant, 'tenant', 'tenant.id = placement.tenantId')
        .leftJoin(
          Transfer,
          'transfer',
          'transfer.tenantId = placement.tenantId and transfer.endedAt is null and ' +
            '(transfer.sourcePlaneId = plane.id or transfer.targetPlaneId = plane.id)',
        )
        .leftJoin(TenantPlane, 'target', 'target.id = transfer.targetPlaneId')
        .where('plane.id = :tenantPlaneId', { tenantPlaneId })
        .orderBy('placement.entryRevision')
        .select('plane.revision', 'plane_revision')
        .addSelect('plane.next_key_id', 'next_key_id')
        .addSelect('(select revoked_at from service_keys where service_keys.id = :keyId)', 'key_revoked_at')
        .setParameter('keyId', keyId)
        .addSelect('tenant.id', 'tenant_id')
        .addSelect('tenant.slug', 'slug')
        .addSelect('tenant.name', 'name')
        .addSelect('tenant.status', 'status')
        .addSelect('tenant.plan', 'plan')
        .addSelect('tenant.admin_email', 'admin_email')
        .addSelect('placement.phase', 'phase')
        .addSelect('placement.entry_revision', 'entry_revision')
        .addSelect('placement.purge_job_id', 'purge_job_id')
        .addSelect('placement.remove_after', 'remove_after')
        .addSelect('placement.restored_from', 'restored_from')
        .addSelect('placement.reopened_by', 'reopened_by')
        .addSelect('placement.imported_by', 'imported_by')
        .addSelect(IS_BACK, 'is_back')
        .addSelect('tenant.endpoint_url', 'endpoint_url')
        .addSelect('transfer.id', 'transfer_id')
        .addSelect('transfer.target_plane_id', 'transfer_target')
        .addSelect('target.endpoint_url', 'target_url')
        .addSelect('transfer.recipient', 'transfer_recipient')
        .addSelect('transfer.purpose', 'transfer_purpose')
        .addSelect('transfer.plane_key', 'transfer_key')
        .addSelect('transfer.generation', 'transfer_generation')
        .addSelect('plane.id', 'plane_id')
        .getRawMany<ChangedRow>(),
    );
  }

  private describe(
    rows: readonly ChangedRow[],
    { links, leases }: Told,
    current: number,
    isFull: boolean,
  ): DesiredState {
    const entries = rows.filter(isEntry);
    const [gone, here] = [entries.filter(isGone), entries.filter((row) => !isGone(row))];
    return {
      revision: `${this.epoch}.${current}`,
      full: isFull,
      tenants: here.map((row) => toEntry(row, links.get(row.tenant_id), leases.get(row.tenant_id))),
      removed: isFull ? [] : gone.map((row) => row.tenant_id),
      config: { keys: { keys: this.keys.ofPlanes() }, latest: this.config.tenantPlaneVersion },
    };
  }

  /** Null for another epoch or an invalid revision, in which case everything is sent. */
  private knownRevision(since: string): number | null {
    const [epoch, n = ''] = since.split('.');
    return epoch === this.epoch && /^\d{1,9}$/.test(n) ? Number(n) : null;
  }
}

/** By tenant. */
interface Told {
  readonly links: ReadonlyMap<string, DesiredSignupLinks>;
  readonly leases: ReadonlyMap<string, string>;
}

interface ChangedRow {
  readonly plane_revision: number;
  readonly next_key_id: string | null;
  /** When the key that signed the call was revoked. */
  readonly key_revoked_at: unknown;
  readonly tenant_id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: Tenant['status'];
  readonly plan: DesiredTenant['plan'];
  readonly admin_email: string;
  readonly phase: DesiredTenant['phase'];
  readonly entry_revision: number;
  readonly purge_job_id: string | null;
  /** Set if the plane keeps an old copy after a move. */
  readonly remove_after: unknown;
  readonly restored_from: string | null;
  readonly reopened_by: string | null;
  readonly imported_by: string | null;
  /** A number on SQLite. */
  readonly is_back: boolean | number | null;
  readonly endpoint_url: string | null;
  readonly plane_id: string;
  readonly transfer_id: string | null;
  readonly transfer_target: string | null;
  readonly target_url: string | null;
  /** Text on SQLite. */
  readonly transfer_recipient: string | Record<string, unknown> | null;
  readonly transfer_purpose: TransferPurpose | null;
  readonly transfer_key: string | null;
  readonly transfer_generation: number | null;
}

/** A plane without changed entries yields one row without a tenant. */
function isEntry(row: ChangedRow): boolean {
  return row.tenant_id !== null;
}

/**
 * Whether the plane should forget the tenant. A tenant that has
 * moved, or whose rows are to be purged, still has an entry.
 */
function isGone(row: ChangedRow): boolean {
  if (row.purge_job_id !== null || hasMoved(row)) return false;
  return row.phase === 'retired' || row.status === 'deleted';
}

function hasMoved({ phase, status, remove_after: keptUntil }: ChangedRow): boolean {
  return phase === 'retired' && status !== 'deleted' && keptUntil !== null;
}

function isHome(phase: DesiredTenant['phase']): boolean {
  return phase === 'serving' || phase === 'frozen';
}

function toEntry(
  row: ChangedRow,
  links: DesiredSignupLinks | undefined,
  lease: string | undefined,
): DesiredTenant {
  const { tenant_id, slug, name, status, plan, admin_email, phase, entry_revision, purge_job_id } = row;
  const told = purge_job_id === null ? phase : 'retired';
  // Planes apply only these two statuses. In any other status, the tenant is active on the plane.
  const desired = status === 'suspended' || status === 'deprovisioning' ? status : 'active';
  return {
    tenant_id,
    slug,
    name,
    status: desired,
    plan,
    admin_email,
    entry_revision,
    phase: told,
    ...(lease !== undefined && told !== 'retired' && { lease }),
    // A plane that purges the rows, or that the tenant has left, takes no part in a transfer.
    ...(row.transfer_id !== null && told !== 'retired' && { transfer: transferOf(row) }),
    ...(links && told !== 'retired' && { signup_links: links }),
    ...(row.restored_from !== null && told !== 'retired' && { requires_copy: row.restored_from }),
    ...(row.reopened_by !== null &&
      isHome(told) && { reopened: reopenedOf(row.reopened_by, row.imported_by) }),
    ...((hasMoved(row) || Boolean(row.is_back)) &&
      row.endpoint_url !== null && { moved_to: row.endpoint_url }),
    ...(isLeaving(row) && isHome(told) && row.target_url !== null && { moving_to: row.target_url }),
    ...(purge_job_id !== null && { purge: { job_id: purge_job_id } }),
  };
}

function reopenedOf(job_id: string, importedBy: string | null): DesiredTenant['reopened'] {
  return importedBy === null ? { job_id } : { job_id, requires_rows: true };
}

function isLeaving({
  transfer_id,
  transfer_purpose: purpose,
  transfer_target,
  plane_id,
}: ChangedRow): boolean {
  return transfer_id !== null && purpose !== 'backup' && transfer_target !== plane_id;
}

function transferOf(row: ChangedRow): DesiredTransfer {
  const { transfer_purpose: purpose, transfer_target, plane_id, transfer_recipient: kept } = row;
  const id = row.transfer_id ?? '';
  const [key, generation] = [row.transfer_key ?? undefined, row.transfer_generation ?? undefined];
  if (purpose !== 'backup' && transfer_target === plane_id) return { id, role: 'target', generation, key };
  const recipient = typeof kept === 'string' ? (JSON.parse(kept) as Record<string, unknown>) : (kept ?? {});
  return { id, role: purpose === 'backup' ? 'backup' : 'source', generation, recipient, key };
}

function topicOf(tenantPlaneId: string): string {
  return `tenant-plane:${tenantPlaneId}`;
}
