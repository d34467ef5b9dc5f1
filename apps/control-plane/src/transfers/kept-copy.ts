import { type JobParams, StepFailure } from '@atlas/jobs';
import { type Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type EntityManager, In, IsNull, Not } from 'typeorm';
import { sqlOfHealth } from '../registry/health-class';
import { lockHome } from '../registry/lock-home';
import { Placement } from '../registry/placement.entity';
import { hasLostCopy, placeOf } from '../registry/placements';
import { lockPlanes } from '../registry/plane-lock';
import { TenantPlane, isCell } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { Transfer } from '../registry/transfer.entity';
import { lockTenant } from '../tenants/tenants';

/** The old home that still has the rows from before the move and can serve them again, or null. */
export async function keptCopyOf(manager: EntityManager, home: Placement): Promise<TenantPlane | null> {
  const old = await oldHomeWithRows(manager, home);
  const isFree = old?.copy.phase === 'retired' && !old.copy.holdsPlace;
  return isFree && old.plane.status === 'enrolled' ? old.plane : null;
}

/**
 * Like {@link keptCopyOf}, but also returns the old home if it has
 * yet to re-enrol or if an unfinished move back holds a place there.
 */
async function oldHomeWithRows(
  manager: EntityManager,
  { tenantId, restoredFrom: id }: Placement,
): Promise<{ readonly copy: Placement; readonly plane: TenantPlane } | null> {
  const move = id === null ? null : await manager.findOneBy(Transfer, { id, purpose: 'move' });
  if (!move) return null;
  const { sourcePlaneId } = move;
  const plane = await manager.findOneByOrFail(TenantPlane, { id: sourcePlaneId });
  const kept = { tenantId, tenantPlaneId: sourcePlaneId, removeAfter: Not(IsNull()) };
  const copy = await manager.findOneBy(Placement, kept);
  // A reinstalled plane has lost the copy, and so has a plane where another import has begun.
  const isThere = copy?.importedBy != null && copy.importedBy === plane.instanceId;
  return isThere && plane.status !== 'retired' ? { copy, plane } : null;
}

/**
 * SQL: whether the home of the tenant with the id `tenantId` is online, has reported
 * that it serves the tenant, and is the installation that imported the rows. While
 * the home does not qualify, another copy may be the last one known to be complete.
 */
export const homeServes = (database: Database, tenantId: string): string => `exists (select 1
  from placements home join tenant_planes plane on plane.id = home.tenant_plane_id
  where home.tenant_id = ${tenantId} and home.holds_place and home.phase <> 'importing'
    and ${sqlOfHealth(database).online}
    and home.reported_state = 'applied' and home.reported_revision >= home.entry_revision
    and (home.restored_from is null and home.imported_by is null or home.imported_by = plane.instance_id))`;

/** Evaluates {@link homeServes}. */
export function doesHomeServe(
  database: Database,
  manager: EntityManager,
  tenantId: string,
): Promise<boolean> {
  const tenant = manager.createQueryBuilder(Tenant, 'tenant').where({ id: tenantId });
  return tenant.andWhere(homeServes(database, 'tenant.id')).getExists();
}

/**
 * Checks that the home serves the tenant, and blocks enrolments and reports by the home until
 * the transaction ends. Call it in the transaction that starts the removal of the old copy.
 * @throws StepFailure unless the home serves the tenant.
 */
export async function requireHomeServes(
  database: Database,
  manager: EntityManager,
  { tenantId, tenantPlaneId }: Pick<Placement, 'tenantId' | 'tenantPlaneId'>,
): Promise<void> {
  const { slug } = await lockTenant(manager, tenantId);
  const homeId = (await placeOf(manager, tenantId))?.tenantPlaneId;
  await lockPlanes(manager, [tenantPlaneId, ...(homeId === undefined ? [] : [homeId])]);
  const home = await placeOf(manager, tenantId);
  if (home && (await hasLostCopy(manager, home)))
    throw new StepFailure('fatal', 'copy_lost', await lostCopyDetail(manager, home));
  if (await doesHomeServe(database, manager, tenantId)) return;
  const detail =
    `The home of tenant "${slug}" is offline or has not reported that it serves the tenant. The old ` +
    'copy is kept. Its removal starts again once the home serves the tenant.';
  throw new StepFailure('fatal', 'home_not_serving', detail);
}

/**
 * Ends the requirement that the home is the installation that imported the rows, unless it has already lost
 * them. Call it once the old copy has been removed.
 */
export async function endRequirement(
  manager: EntityManager,
  { tenantId, tenantPlaneId: sourcePlaneId }: Pick<Placement, 'tenantId' | 'tenantPlaneId'>,
): Promise<void> {
  await lockTenant(manager, tenantId);
  const home = await lockHome(manager, tenantId);
  if (!home || (await hasLostCopy(manager, home))) return;
  const moves = await manager.findBy(Transfer, { tenantId, sourcePlaneId, purpose: 'move' });
  const came = { tenantId, restoredFrom: In(moves.map(({ id }) => id)) };
  await manager.update(Placement, came, { restoredFrom: null, importedBy: null });
}

/** @throws DomainError unless the home has lost the tenant's rows and no old home or backup has them. */
export async function requireNothingToSave(manager: EntityManager, { id, slug }: Tenant): Promise<void> {
  const home = await placeOf(manager, id);
  if (!home || !(await hasLostCopy(manager, home))) {
    const detail =
      `As far as the Control Plane knows, tenant "${slug}" still has its rows. Leave accept_data_loss ` +
      'out, so that they are backed up before anything is removed.';
    throw new DomainError('copy_not_lost', 'conflict', detail);
  }
  if (await hasNothingLeft(manager, home)) return;
  const detail = `accept_data_loss would discard existing rows. ${await lostCopyDetail(manager, home)}`;
  throw new DomainError('copy_kept', 'conflict', detail);
}

/** Whether an operator has accepted the loss of the tenant's rows and the rows are still lost. */
export async function isLossAccepted(
  manager: EntityManager,
  { accept_data_loss: isAccepted }: JobParams,
  home: Placement,
): Promise<boolean> {
  return isAccepted === true && (await hasNothingLeft(manager, home));
}

/** For a home that has lost its rows: whether no old home and no backup has them. */
async function hasNothingLeft(manager: EntityManager, home: Placement): Promise<boolean> {
  // No source of the rows is kept, so the home had the last copy.
  if (home.restoredFrom === null) return true;
  const isFromMove = await manager.existsBy(Transfer, { id: home.restoredFrom ?? '', purpose: 'move' });
  return isFromMove && (await oldHomeWithRows(manager, home)) === null;
}

export async function copyLost(manager: EntityManager, home: Placement): Promise<DomainError> {
  return new DomainError('copy_lost', 'conflict', await lostCopyDetail(manager, home));
}

/** Explains how the home lost the tenant's rows, and what an operator can do. */
export async function lostCopyDetail(manager: EntityManager, home: Placement): Promise<string> {
  const { tenantId, restoredFrom, reopenedBy } = home;
  const { slug } = await manager.findOneByOrFail(Tenant, { id: tenantId });
  const { name } = await manager.findOneByOrFail(TenantPlane, { id: home.tenantPlaneId });
  if (restoredFrom === null && reopenedBy === null)
    return (
      `Tenant "${slug}" is placed on tenant plane ${name}, but the database of that plane reports that ` +
      'the rows were removed or that the tenant has moved away. If the Control Plane was restored from ' +
      `an older backup, restore a newer one. Otherwise restore a backup of the database of ${name}. If ` +
      'neither exists, accept the loss: deprovision the tenant with "accept_data_loss": true.'
    );
  if (restoredFrom === null)
    return (
      `Tenant "${slug}" is served from the copy that tenant plane ${name} kept, but the database of that ` +
      'plane no longer has the copy. Restore a backup of that database from after the move, and retry ' +
      'the job that reopens the copy. If there is no such backup, accept the loss: deprovision the ' +
      'tenant with "accept_data_loss": true.'
    );
  if (!(await manager.existsBy(Transfer, { id: restoredFrom, purpose: 'move' })))
    return (
      `Tenant "${slug}" was restored, but its tenant plane has lost the rows since. The backup is kept. ` +
      'Retry the restore if it failed, or deprovision the tenant and restore it again. Then try again.'
    );
  const lost =
    `Tenant "${slug}" was moved to tenant plane ${name}, but the database of that plane no longer has ` +
    "the tenant's rows";
  const old = await oldHomeWithRows(manager, home);
  if (!old)
    return (
      `${lost}, and no other tenant plane has them. Restore a backup of the database of ${name} from ` +
      'after the move, or a backup of the tenant plane that the tenant came from. If neither exists, ' +
      'accept the loss: deprovision the tenant with "accept_data_loss": true.'
    );
  const plane = await keptCopyOf(manager, home);
  if (!plane)
    return (
      `${lost}. Tenant plane ${old.plane.name} has them as they were at the move, but it must re-enrol ` +
      'first, or an unfinished move back holds a place there. Enrol it again, or roll back that move. ' +
      'Then move the tenant back.'
    );
  const cell = isCell(plane) && { tenant_plane_id: plane.id };
  const body = JSON.stringify({ deployment_model: plane.deploymentModel, ...cell });
  return (
    `${lost}. Tenant plane ${plane.name} still has them as they were at the move. Restore a backup of the ` +
    `database of ${name} from after the move, or move the tenant back (POST ` +
    `/api/tenants/${tenantId}/move ${body}). ` +
    'Moving back serves the kept rows again, without later writes.'
  );
}
