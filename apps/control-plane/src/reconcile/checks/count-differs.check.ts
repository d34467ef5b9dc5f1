import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { type PlaceSubject, PlaceSubjects } from '../subjects/place-subjects';
import { DriftCheck } from './drift-check';

/**
 * The number of tenants in a plane's row is wrong. Repaired by
 * counting again, under the lock that guards the number of places.
 */
@Injectable()
export class CountDiffersCheck extends DriftCheck<PlaceSubject> {
  readonly kind = 'count_differs';

  constructor(readonly subjects: PlaceSubjects) {
    super();
  }

  find({ plane, held }: PlaceSubject): string | null {
    if (plane.placed === held) return null;
    const full =
      held > plane.capacity
        ? ` That exceeds its capacity of ${plane.capacity}. Move some tenants to other planes.`
        : '';
    return (
      `Tenant plane ${plane.name} is recorded with ${plane.placed} tenants, but ${held} have a place on ` +
      `it.${full}`
    );
  }

  override async repair(manager: EntityManager, { plane, held }: PlaceSubject): Promise<boolean> {
    if (held > plane.capacity) return false;
    await manager.update(TenantPlane, { id: plane.id }, { placed: held });
    return true;
  }
}
