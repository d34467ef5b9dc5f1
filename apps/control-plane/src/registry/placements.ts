import { type Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { isUuid } from '@atlas/tenancy';
import { type EntityManager, In, IsNull, MoreThan, Not } from 'typeorm';
import { Placement } from './placement.entity';
import { TenantPlane } from './tenant-plane.entity';

/** A plane speaks for the tenants placed on it and for no others. */
export async function requirePlacedHere(
  database: Database,
  tenantPlaneId: string,
  tenantIds: readonly string[],
): Promise<void> {
  if (tenantIds.length === 0) return;
  const wanted = [...new Set(tenantIds)];
  const areIds = wanted.every((id) => isUuid(id));
  if (areIds && (await countPlaced(database, tenantPlaneId, wanted)) === wanted.length) return;
  throw tenantNotOnPlane();
}

export function tenantNotOnPlane(): DomainError {
  const detail = 'The call names a tenant that is not placed on the calling tenant plane.';
  return new DomainError('tenant_not_on_plane', 'forbidden', detail);
}

function countPlaced(database: Database, tenantPlaneId: string, tenantIds: string[]): Promise<number> {
  return database.read((manager) => manager.countBy(Placement, { tenantPlaneId, tenantId: In(tenantIds) }));
}

/** What a placement says of a plane that has yet to report on it. */
export const UNHEARD = { reportedRevision: 0, reportedState: null, reportedError: null, reportedCode: null };

/**
 * A place that is taken, and not yet published to its plane:
 * as the tenant's home, or as the one to come in a move.
 */
export function reservedPlacement(
  place: Pick<Placement, 'tenantId' | 'tenantPlaneId' | 'createdAt'>,
  phase: 'serving' | 'importing',
): Placement {
  const first = {
    restoredFrom: null,
    importedBy: null,
    reopenedBy: null,
    purgeJobId: null,
    removedBy: null,
    removeAfter: null,
  };
  return { ...place, phase, holdsPlace: true, entryRevision: 0, ...UNHEARD, ...first };
}

/** The plane has done what the entry as it stands asks for. */
export function isApplied({ reportedState, reportedRevision, entryRevision }: Placement): boolean {
  return reportedState === 'applied' && reportedRevision >= entryRevision;
}

/** Why the plane has not done what the entry asks for, and goes on trying; null where it does not say so. */
export function troubleAt({
  reportedState,
  reportedRevision,
  reportedError,
  entryRevision,
}: Placement): string | null {
  const isRetrying = reportedState === 'retrying' && reportedRevision >= entryRevision;
  return isRetrying ? (reportedError ?? 'no reason given') : null;
}

/**
 * Whether a home has lost the rows of its tenant: its database says so, which counts until it says otherwise;
 * or another installation has enrolled as the plane since the tenant was moved, restored or reopened there.
 * While this can be known, the source of the rows is kept.
 */
export function isCopyLost(
  { restoredFrom, importedBy, reportedCode }: Placement,
  { instanceId }: Pick<TenantPlane, 'instanceId'>,
): boolean {
  if (reportedCode === 'copy_missing') return true;
  return (restoredFrom !== null || importedBy !== null) && instanceId !== importedBy;
}

/** SQL: {@link isCopyLost}, of the row aliased `place`. */
export const IS_COPY_LOST = `(coalesce(place.reported_code, '') = 'copy_missing'
  or (place.restored_from is not null or place.imported_by is not null)
    and not exists (select 1 from tenant_planes here where here.id = place.tenant_plane_id and here.instance_id = place.imported_by))`;

/** {@link isCopyLost}, at the plane as it is now. */
export async function hasLostCopy(manager: EntityManager, place: Placement): Promise<boolean> {
  return isCopyLost(place, await manager.findOneByOrFail(TenantPlane, { id: place.tenantPlaneId }));
}

/** Where the tenant lives, or where it is on its way to. */
export function placeOf(
  manager: EntityManager,
  tenantId: string,
  phase: 'serving' | 'importing' = 'serving',
): Promise<Placement | null> {
  const isThere = phase === 'importing' ? phase : Not('importing' as const);
  return manager.findOneBy(Placement, { tenantId, holdsPlace: true, phase: isThere });
}

/**
 * Wherever a plane was told of the tenant and may have its rows: its home, one to come, an old copy. Always
 * in one order, in which their planes' rows can be locked.
 */
export function toldPlaces(manager: EntityManager, tenantId: string): Promise<Placement[]> {
  const told = { tenantId, entryRevision: MoreThan(0) };
  return manager.find(Placement, {
    where: [
      { ...told, holdsPlace: true },
      { ...told, removeAfter: Not(IsNull()) },
    ],
    order: { tenantPlaneId: 'ASC' },
  });
}

/** It is there, or the removal of its rows has yet to be reported. */
export function mayHoldRows(place: Placement): boolean {
  const { holdsPlace, removeAfter, purgeJobId, reportedState, reportedRevision, entryRevision } = place;
  const isPurged = reportedState === 'applied' && reportedRevision >= entryRevision;
  return holdsPlace || removeAfter !== null || (purgeJobId !== null && !isPurged);
}

/** One that was never published leaves no trace; a published one stays, as the sign that it is gone. */
export async function givePlaceBack(manager: EntityManager, placement: Placement): Promise<void> {
  const { tenantId, tenantPlaneId, entryRevision } = placement;
  if (entryRevision === 0) await manager.delete(Placement, { tenantId, tenantPlaneId });
  else await manager.update(Placement, { tenantId, tenantPlaneId }, { holdsPlace: false, phase: 'retired' });
}
