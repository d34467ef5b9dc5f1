import { DomainError } from '@atlas/platform';
import { isUuid } from '@atlas/tenancy';
import { type EntityManager, In, IsNull, MoreThan, Not } from 'typeorm';
import { Placement } from './placement.entity';
import { TenantPlane } from './tenant-plane.entity';

/**
 * Throws `tenant_not_on_plane` unless all of these tenants are placed
 * on the plane, because a plane may act only for its own tenants.
 */
export async function requirePlacedHere(
  manager: EntityManager,
  tenantPlaneId: string,
  tenantIds: readonly string[],
): Promise<void> {
  if (tenantIds.length === 0) return;
  const wanted = [...new Set(tenantIds)];
  const areIds = wanted.every((id) => isUuid(id));
  if (areIds && (await countPlaced(manager, tenantPlaneId, wanted)) === wanted.length) return;
  throw tenantNotOnPlane();
}

export function tenantNotOnPlane(): DomainError {
  const detail = 'The call names a tenant that is not placed on the calling tenant plane.';
  return new DomainError('tenant_not_on_plane', 'forbidden', detail);
}

function countPlaced(manager: EntityManager, tenantPlaneId: string, tenantIds: string[]): Promise<number> {
  return manager.countBy(Placement, { tenantPlaneId, tenantId: In(tenantIds) });
}

/** The values of the report columns until the plane first reports on the placement. */
export const UNHEARD = { reportedRevision: 0, reportedState: null, reportedError: null, reportedCode: null };

/**
 * A placement that is reserved but not published to its
 * plane: the tenant's home, or its future home in a move.
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

/** Whether the plane has applied the current entry. */
export function isApplied({ reportedState, reportedRevision, entryRevision }: Placement): boolean {
  return reportedState === 'applied' && reportedRevision >= entryRevision;
}

/** Why the plane is still retrying the current entry, or null if it has not reported that it is retrying. */
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
 * Whether a home has lost its tenant's rows. Either the home has reported the loss and has not since reported
 * that the rows are there, or another installation has enrolled as the plane since the tenant was moved or
 * restored there, or since an old copy there was reopened. The source of the rows is kept as long as a loss
 * can be detected.
 */
export function isCopyLost(
  { restoredFrom, importedBy, reportedCode }: Placement,
  { instanceId }: Pick<TenantPlane, 'instanceId'>,
): boolean {
  if (reportedCode === 'copy_missing') return true;
  return (restoredFrom !== null || importedBy !== null) && instanceId !== importedBy;
}

/** SQL: {@link isCopyLost}, for the row aliased `place`. */
export const IS_COPY_LOST = `(coalesce(place.reported_code, '') = 'copy_missing'
  or (place.restored_from is not null or place.imported_by is not null)
    and not exists (select 1 from tenant_planes here
      where here.id = place.tenant_plane_id and here.instance_id = place.imported_by))`;

/** {@link isCopyLost}, for the plane's current instance. */
export async function hasLostCopy(manager: EntityManager, place: Placement): Promise<boolean> {
  return isCopyLost(place, await manager.findOneByOrFail(TenantPlane, { id: place.tenantPlaneId }));
}

/** The tenant's home or, with `importing`, the place that the tenant is moving to. */
export function placeOf(
  manager: EntityManager,
  tenantId: string,
  phase: 'serving' | 'importing' = 'serving',
): Promise<Placement | null> {
  const isThere = phase === 'importing' ? phase : Not('importing' as const);
  return manager.findOneBy(Placement, { tenantId, holdsPlace: true, phase: isThere });
}

/** Whether {@link placeOf} would find this place. */
export function isHome({ holdsPlace, phase }: Placement): boolean {
  return holdsPlace && phase !== 'importing';
}

/**
 * The published placements that may have the tenant's rows: the home, a future home,
 * and old copies. They are sorted in the order in which their planes must be locked.
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

/**
 * Whether the plane may still have the tenant's rows, because the tenant has a
 * place or an old copy there, or because the plane has not reported the purge.
 */
export function mayHoldRows(place: Placement): boolean {
  const { holdsPlace, removeAfter, purgeJobId, reportedState, reportedRevision, entryRevision } = place;
  const isPurged = reportedState === 'applied' && reportedRevision >= entryRevision;
  return holdsPlace || removeAfter !== null || (purgeJobId !== null && !isPurged);
}

/**
 * Frees the place. A placement that was never published is deleted. A published
 * placement is kept, so that the plane learns that the tenant has left.
 */
export async function givePlaceBack(manager: EntityManager, placement: Placement): Promise<void> {
  const { tenantId, tenantPlaneId, entryRevision } = placement;
  if (entryRevision === 0) await manager.delete(Placement, { tenantId, tenantPlaneId });
  else await manager.update(Placement, { tenantId, tenantPlaneId }, { holdsPlace: false, phase: 'retired' });
}
