import { StepFailure } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { troubleIn } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { DesiredStates } from './desired-states';

/** Whether a tenant plane is well in a version, by what it says itself: nothing else is asked. */
@Injectable()
export class PlaneHealth {
  constructor(
    private readonly database: Database,
    private readonly desiredStates: DesiredStates,
  ) {}

  /** What it lacks, or null. Throws when it is gone for good. */
  async missing(id: string, version: string): Promise<string | null> {
    const plane = await this.find(id);
    return reportLackedBy(plane, version) ?? troubleOf(plane) ?? this.entriesLackedBy(plane);
  }

  /**
   * As {@link missing}, of the way back: what ails it in the version that it had may have ailed it before.
   */
  async missingToBeBack(id: string, version: string): Promise<string | null> {
    const plane = await this.find(id);
    return reportLackedBy(plane, version) ?? this.entriesLackedBy(plane);
  }

  private find(id: string): Promise<TenantPlane> {
    return this.database.read((manager) => manager.findOneByOrFail(TenantPlane, { id }));
  }

  private entriesLackedBy(plane: TenantPlane): string | null {
    return this.desiredStates.isUpToDate(plane) ? null : 'it to apply its desired state';
  }
}

export function planeGone(): StepFailure {
  return new StepFailure('fatal', 'tenant_plane_gone', 'The tenant plane is retired by now.');
}

function reportLackedBy(plane: TenantPlane, version: string): string | null {
  if (plane.status === 'retired') throw planeGone();
  if (plane.status !== 'enrolled') return 'the enrolment of the tenant plane';
  return plane.version !== version || !hasReportedSince(plane) ? `its report in version ${version}` : null;
}

/** One that is degraded serves: what it lacks (a full queue, a wrong clock) no version before would mend. */
function troubleOf({ health, healthStatus }: TenantPlane): string | null {
  if (healthStatus === 'ok' || healthStatus === 'degraded') return null;
  const told = troubleIn(health ?? {});
  return `it to report that it is well${told && `: it reports ${told}`}`;
}

/**
 * Whether the process that the driver was told to run has reported.
 * It counts reports, since our processes' clocks may differ.
 */
function hasReportedSince({ lastReportAt, sequence, releasedSequence }: TenantPlane): boolean {
  return lastReportAt !== null && sequence !== releasedSequence;
}
