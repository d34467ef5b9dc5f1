import { Injectable } from '@nestjs/common';
import { LeftoverSubjects, type NamedThing } from '../subjects/leftover-subjects';
import { DriftCheck } from './drift-check';

/**
 * An object's name looks like one that a driver assigned, but no plane uses the
 * object. It is never removed automatically, because it may contain a customer's rows.
 */
@Injectable()
export class InfrastructureOrphanedCheck extends DriftCheck<NamedThing> {
  readonly kind = 'infrastructure_orphaned';

  constructor(readonly subjects: LeftoverSubjects) {
    super();
  }

  find({ id, isStray, plane }: NamedThing): string | null {
    if (!isStray && plane && plane.status !== 'retired') return null;
    const whose = plane
      ? `is not (or no longer) used by tenant plane ${plane.name}`
      : 'belongs to no tenant plane';
    return `The ${id} ${whose}. Check what it contains; if no one needs it, remove it by hand.`;
  }
}
