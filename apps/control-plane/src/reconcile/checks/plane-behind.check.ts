import { HEARTBEAT_SECONDS } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';

/** Enough to pull, to apply and to report it at least twice. */
const PATIENCE_MS = 3 * HEARTBEAT_SECONDS * 1000;

/**
 * It reports, and does not apply what it is told. One that
 * is silent is `offline`, which is health and not drift.
 */
@Injectable()
export class PlaneBehindCheck extends DriftCheck<PlaneSubject> {
  readonly kind = 'plane_behind';

  constructor(
    readonly subjects: PlaneSubjects,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  find({ plane }: PlaneSubject): string | null {
    if (plane.status !== 'enrolled' || plane.lastReportAt === null) return null;
    const heardMs = plane.lastReportAt.getTime() - plane.revisedAt.getTime();
    const applied = this.desiredStates.appliedBy(plane);
    if (heardMs < PATIENCE_MS || applied >= plane.revision) return null;
    return (
      `Tenant plane ${plane.name} reports, and has applied revision ${applied} of ${plane.revision}. ` +
      'Its log says why; restart it.'
    );
  }
}
