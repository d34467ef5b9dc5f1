import { lockedForUpdate, takeLocks, together } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { QUEUED_LOCKS } from '../database/queued-locks';
import { TenantPlane } from './tenant-plane.entity';

/**
 * Locks a tenant plane. Decisions that depend on its status, tokens or jobs are made under this lock,
 * in the transaction that writes them. Take it after the lock on a tenant and before the locks on jobs.
 */
export async function lockPlane(manager: EntityManager, id: string): Promise<TenantPlane> {
  const query = manager.createQueryBuilder(TenantPlane, 'plane').where({ id });
  const plane = await lockedForUpdate(query).getOne();
  if (!plane) throw new DomainError('not_found', 'not_found', 'There is no such tenant plane.');
  return plane;
}

/**
 * Like {@link lockPlane}, for several planes, in a fixed order
 * that avoids deadlocks. Returns them in the order given.
 */
export async function lockPlanes(manager: EntityManager, ids: readonly string[]): Promise<TenantPlane[]> {
  const locked = new Map<string, TenantPlane>();
  for (const id of ids.toSorted()) locked.set(id, await lockPlane(manager, id));
  return ids.flatMap((id) => locked.get(id) ?? []);
}

/**
 * Like {@link lockPlane}, for a transaction that revokes keys of the plane. It waits for the plane's calls
 * that are writing now and makes later calls wait, so that a plane cannot delay its revocation by calling
 * continuously. Take it before anything that such a call locks: placements, transfers and the plane itself.
 */
export async function lockPlaneAndCalls(manager: EntityManager, id: string): Promise<TenantPlane> {
  const [, plane] = await together([
    takeLocks(manager, { lockClass: QUEUED_LOCKS.planeTrust, ids: [id] }),
    lockPlane(manager, id),
  ]);
  return plane;
}

/**
 * Like {@link lockPlane}, but throws if the plane is retired. Anything
 * issued to the plane under this lock is revoked once the plane is retired.
 */
export async function lockPlaneInUse(manager: EntityManager, id: string): Promise<TenantPlane> {
  const plane = await lockPlane(manager, id);
  if (plane.status !== 'retired') return plane;
  const detail =
    `Tenant plane "${plane.name}" is retired and cannot be installed again. Restore or move its ` +
    'tenant, or register another cell. Each of these comes with a new install bundle.';
  throw new DomainError('tenant_plane_retired', 'conflict', detail);
}
