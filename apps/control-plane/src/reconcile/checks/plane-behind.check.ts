import { HEARTBEAT_SECONDS } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type PlaneSubject, PlaneSubjects } from '../subjects/plane-subjects';
import { DriftCheck } from './drift-check';

/** Enough time to pull and apply a change and to report it at least twice. */
const PATIENCE_MS = 3 * HEARTBEAT_SECONDS * 1000;

/**
 * A plane keeps reporting, but has not applied its desired state. A plane that does not report is `offline`,
 * which is not a drift.
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
      `Tenant plane ${plane.name} reports, but has only applied revision ${applied} of ${plane.revision}. ` +
      'Check its log for the reason, then restart it.'
    );
  }
}
