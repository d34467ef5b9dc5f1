import { type EntityManager } from 'typeorm';
import { type Placement } from './placement.entity';
import { placeOf } from './placements';
import { lockPlane } from './plane-lock';

/**
 * Locks the tenant's home and returns the tenant's placement there. No
 * report or enrolment can change the placement until the transaction ends.
 */
export async function lockHome(manager: EntityManager, tenantId: string): Promise<Placement | null> {
  const home = await placeOf(manager, tenantId);
  if (home) await lockPlane(manager, home.tenantPlaneId);
  return placeOf(manager, tenantId);
}
