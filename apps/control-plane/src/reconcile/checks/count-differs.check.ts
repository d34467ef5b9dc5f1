import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';

/**
 * Its row counts other places than are taken. Repaired:
 * counted anew, under the lock that takes and frees them.
 */
@Injectable()
export class CountDiffersCheck extends DriftCheck<PlaneSubject> {
  readonly kind = 'count_differs';

  constructor(readonly subjects: PlaneSubjects) {
    super();
  }

  find({ plane, held }: PlaneSubject): string | null {
    if (plane.placed === held) return null;
    const full =
      held > plane.capacity ? ` That is more than its capacity of ${plane.capacity}: move some away.` : '';
    return (
      `Tenant plane ${plane.name} is said to have ${plane.placed} tenants, and ${held} have a place on ` +
      `it.${full}`
    );
  }

  override async repair(manager: EntityManager, { plane, held }: PlaneSubject): Promise<boolean> {
    if (held > plane.capacity) return false;
    await manager.update(TenantPlane, { id: plane.id }, { placed: held });
    return true;
  }
}
