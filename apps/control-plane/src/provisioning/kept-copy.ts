import { DomainError } from '@atlas/platform';
import { type EntityManager, In, IsNull, Not } from 'typeorm';
import { Placement } from '../tenant-planes/placement.entity';
import { TenantPlane } from '../tenant-planes/tenant-plane.entity';
import { Tenant } from '../tenants/tenant.entity';
import { Transfer } from '../transfers/transfer.entity';

/** The old home that still keeps the rows from before the move and can serve them again; null if there is none. */
export async function keptCopyOf(
  manager: EntityManager,
  { tenantId, restoredFrom: id }: Placement,
): Promise<TenantPlane | null> {
  const move = id === null ? null : await manager.findOneBy(Transfer, { id, purpose: 'move' });
  if (!move) return null;
  const { sourcePlaneId } = move;
  const plane = await manager.findOneByOrFail(TenantPlane, { id: sourcePlaneId });
  const at = { tenantId, tenantPlaneId: sourcePlaneId };
  const kept = { phase: 'retired', holdsPlace: false, removeAfter: Not(IsNull()) } as const;
  const copy = await manager.findOneBy(Placement, { ...at, ...kept });
  // A plane that was installed anew has lost the copy, and so has one where another import has begun.
  const isThere = copy?.importedBy != null && copy.importedBy === plane.instanceId;
  return isThere && plane.status === 'enrolled' ? plane : null;
}

/** Call it before the copy is removed. From then on the tenant is served from whatever its home has. */
export async function endRequirement(
  manager: EntityManager,
  { tenantId, tenantPlaneId: sourcePlaneId }: Pick<Placement, 'tenantId' | 'tenantPlaneId'>,
): Promise<void> {
  const moves = await manager.findBy(Transfer, { tenantId, sourcePlaneId, purpose: 'move' });
  const came = { tenantId, restoredFrom: In(moves.map(({ id }) => id)) };
  await manager.update(Placement, came, { restoredFrom: null, importedBy: null });
}

export async function copyLost(manager: EntityManager, home: Placement): Promise<DomainError> {
  return new DomainError('copy_lost', 'conflict', await lostCopyDetail(manager, home));
}

/** Says what happened to a tenant whose home has lost its rows, and what an operator can do. */
export async function lostCopyDetail(manager: EntityManager, home: Placement): Promise<string> {
  const { tenantId, restoredFrom } = home;
  const { slug } = await manager.findOneByOrFail(Tenant, { id: tenantId });
  const { name } = await manager.findOneByOrFail(TenantPlane, { id: home.tenantPlaneId });
  if (!(await manager.existsBy(Transfer, { id: restoredFrom ?? '', purpose: 'move' })))
    return `Tenant "${slug}" was restored, and its tenant plane has lost the rows since; the backup is kept. Retry the restore if it failed, or deprovision the tenant and restore it again; then ask again.`;
  const lost = `Tenant "${slug}" was moved to tenant plane ${name}, whose database no longer has the rows that came with it`;
  const plane = await keptCopyOf(manager, home);
  if (!plane)
    return `${lost}, and no other tenant plane that is enrolled has them. Restore a backup of the database of ${name} from after the move, or of the tenant plane that the tenant came from.`;
  const cell = plane.deploymentModel === 'shared' && { tenant_plane_id: plane.id };
  const body = JSON.stringify({ deployment_model: plane.deploymentModel, ...cell });
  return `${lost}. Tenant plane ${plane.name} keeps them as they were at the move. Restore a newer backup of the database of ${name}; or move the tenant back (POST /api/tenants/${tenantId}/move ${body}): it is served from the kept rows again, without what was written since.`;
}
