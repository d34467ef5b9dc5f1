import { Injectable } from '@nestjs/common';
import { DriftCheck } from '../drift-check';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';

/** The plane of one tenant that is no longer anybody's, and is still trusted. */
@Injectable()
export class PlaneLeftOverCheck extends DriftCheck<PlaneSubject> {
  readonly kind = 'plane_left_over';

  constructor(readonly subjects: PlaneSubjects) {
    super();
  }

  find({ plane, placements, isDeserted }: PlaneSubject): string | null {
    const isSomebodys = placements.some(({ holdsPlace, removeAfter }) => holdsPlace || removeAfter !== null);
    if (plane.deploymentModel === 'shared' || (isSomebodys && !isDeserted)) return null;
    return `Tenant plane ${plane.name} is ${plane.status}, and no tenant lives there any more. End its process and remove its database; until then have its secret refused: atlas rotate-secret ${plane.name} --mode compromised.`;
  }
}
