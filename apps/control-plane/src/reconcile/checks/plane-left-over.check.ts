import { Injectable } from '@nestjs/common';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';

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
    const refusal =
      plane.status === 'enrolled'
        ? `Until then its secret is still good: atlas rotate-secret ${plane.name} --mode compromised.`
        : 'It can do nothing until it enrols.';
    return (
      `Tenant plane ${plane.name} is ${plane.status}, and no tenant lives there any more. Look what ` +
      `its database holds, then remove both. ${refusal}`
    );
  }
}
