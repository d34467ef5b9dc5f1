import { troubleIn } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';

/** A plane reports that it is failing. */
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
      `${troubleIn(plane.health ?? {}) || 'it gave no reason'}. Check its log; whoever runs the plane ` +
      'has to fix it.'
    );
  }
}
