import { lockedForShare } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { standingOf } from '../registry/incarnations';
import { TenantPlane } from '../registry/tenant-plane.entity';

/** Which copy of a plane calls. Planes of older versions do not say. */
export interface CallingCopy {
  readonly tenantPlaneId: string;
  /** Null if the plane was never restored. */
  readonly incarnation: string | null;
}

/** Like {@link requireCurrentCopy}, and no other copy begins to count before the transaction ends. */
export async function holdCurrentCopy(manager: EntityManager, copy: CallingCopy): Promise<void> {
  const query = manager.createQueryBuilder(TenantPlane, 'plane').where({ id: copy.tenantPlaneId });
  requireCounts(await lockedForShare(query).getOneOrFail(), copy);
}

/**
 * Throws unless the call is from the copy of the plane that counts: another copy must neither send its old
 * rows nor take those of a tenant.
 */
export async function requireCurrentCopy(manager: EntityManager, copy: CallingCopy): Promise<void> {
  requireCounts(await manager.findOneByOrFail(TenantPlane, { id: copy.tenantPlaneId }), copy);
}

function requireCounts(plane: TenantPlane, { incarnation }: CallingCopy): void {
  if (standingOf(plane, incarnation) === 'current') return;
  throw new DomainError(
    'plane_copy_outdated',
    'conflict',
    'This is not the copy of the tenant plane that counts, so it takes part in no move, backup or restore. ' +
      'Stop it if it is outdated. If it was restored just now, its next report makes it count. If it ' +
      'counts already, upgrade it: older versions do not say which copy they are.',
  );
}
