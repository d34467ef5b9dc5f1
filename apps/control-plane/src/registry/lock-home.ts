import { type EntityManager } from 'typeorm';
import { type Placement } from './placement.entity';
import { placeOf } from './placements';
import { lockPlane } from './plane-lock';

/** The place as it is when its plane is locked: no report on it, and no enrolment, comes in between. */
export async function lockHome(manager: EntityManager, tenantId: string): Promise<Placement | null> {
  const home = await placeOf(manager, tenantId);
  if (home) await lockPlane(manager, home.tenantPlaneId);
  return placeOf(manager, tenantId);
}
