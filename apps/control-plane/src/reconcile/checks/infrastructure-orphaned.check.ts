import { Injectable } from '@nestjs/common';
import { LeftoverSubjects, type NamedThing } from '../subjects/leftover-subjects';
import { DriftCheck } from './drift-check';

/**
 * Something that bears a name as drivers give it, and is
 * nobody's. Never removed by us: it may hold a customer's rows.
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
      ? `is not (or no longer) in use by tenant plane ${plane.name}`
      : 'belongs to no tenant plane';
    return `The ${id} ${whose}. Look what it holds; if nobody needs that, remove it by hand.`;
  }
}
