import { troubleIn } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';

/** It says itself that it does not do its work. */
@Injectable()
export class PlaneFailingCheck extends DriftCheck<PlaneSubject> {
  readonly kind = 'plane_failing';

  constructor(readonly subjects: PlaneSubjects) {
    super();
  }

  find({ plane }: PlaneSubject): string | null {
    if (plane.status !== 'enrolled' || plane.healthStatus !== 'failing') return null;
    return (
      `Tenant plane ${plane.name} reports that it is failing: ` +
      `${troubleIn(plane.health ?? {}) || 'it gave no reason'}. Whoever runs it has to mend that; its ` +
      'log says more.'
    );
  }
}
