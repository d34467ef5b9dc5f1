import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../tenant-planes/desired-state.service';
import { TenantPlane } from '../tenant-planes/tenant-plane.entity';
import { StepFailure } from './step';

/** Whether a tenant plane is well in a version, by what it says itself: nothing else is asked. */
@Injectable()
export class PlaneHealth {
  constructor(
    private readonly database: Database,
    private readonly desiredStates: DesiredStates,
  ) {}

  /** What it lacks, or null. Throws when it is gone for good. */
  async missing(id: string, version: string): Promise<string | null> {
    const plane = await this.database.read((manager) => manager.findOneByOrFail(TenantPlane, { id }));
    if (plane.status === 'retired') throw planeGone();
    if (plane.status !== 'enrolled') return 'the enrolment of the tenant plane';
    if (plane.version !== version || !hasReportedSince(plane)) return `its report in version ${version}`;
    if (plane.health?.['status'] !== 'ok') return 'it to report that it is well';
    return this.desiredStates.isUpToDate(plane) ? null : 'it to apply its desired state';
  }
}

export function planeGone(): StepFailure {
  return new StepFailure('fatal', 'tenant_plane_gone', 'The tenant plane is retired by now.');
}

/** A process of before does not speak for the one that its driver was told to run. */
function hasReportedSince({ lastReportAt, releasedAt }: TenantPlane): boolean {
  return lastReportAt !== null && (releasedAt === null || lastReportAt > releasedAt);
}
