import { lockedForUpdate } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { TenantPlane } from './tenant-plane.entity';

/**
 * What is decided about a tenant plane by its status, its tokens or its jobs is decided under this lock, in the transaction
 * that writes it. It comes after the lock of a tenant and before those of jobs.
 */
export async function lockPlane(manager: EntityManager, id: string): Promise<TenantPlane> {
  const query = manager.createQueryBuilder(TenantPlane, 'plane').where({ id });
  const plane = await lockedForUpdate(query).getOne();
  if (!plane) throw new DomainError('not_found', 'not_found', 'There is no such tenant plane.');
  return plane;
}

/** The same, of one that is trusted or may come to be: what is given to it now is taken from it when it is retired. */
export async function lockPlaneInUse(manager: EntityManager, id: string): Promise<TenantPlane> {
  const plane = await lockPlane(manager, id);
  if (plane.status !== 'retired') return plane;
  const detail = `Tenant plane "${plane.name}" is retired: nothing can be installed as it any more. Restore or move its tenant, or register another cell: each comes with an install bundle of its own.`;
  throw new DomainError('tenant_plane_retired', 'conflict', detail);
}
