import { Injectable } from '@nestjs/common';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';
import { isCell } from '../../registry/tenant-plane.entity';

/** A single-tenant plane is still trusted, although no tenant lives on it and it is not in the warm pool. */
@Injectable()
export class PlaneLeftOverCheck extends DriftCheck<PlaneSubject> {
  readonly kind = 'plane_left_over';

  constructor(readonly subjects: PlaneSubjects) {
    super();
  }

  find({ plane, placements, isDeserted }: PlaneSubject): string | null {
    const isSomebodys = placements.some(({ holdsPlace, removeAfter }) => holdsPlace || removeAfter !== null);
    const isPooled = plane.poolState === 'pooled';
    if (isCell(plane) || isPooled || (isSomebodys && !isDeserted)) return null;
    const refusal =
      plane.status === 'enrolled'
        ? 'Its secret is still accepted; to revoke it now: atlas rotate-secret ' +
          `${plane.name} --mode compromised.`
        : 'It has no access until it enrols.';
    return (
      `Tenant plane ${plane.name} is ${plane.status}, but no tenant lives on it. Check what its ` +
      `database contains, then remove the plane and the database. ${refusal}`
    );
  }
}
