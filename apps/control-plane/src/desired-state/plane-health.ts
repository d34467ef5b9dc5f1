import { StepFailure } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { troubleIn } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { DesiredStates } from './desired-states';

/** Decides from a tenant plane's own reports whether the plane is healthy on a given version. */
@Injectable()
export class PlaneHealth {
  constructor(
    private readonly database: Database,
    private readonly desiredStates: DesiredStates,
  ) {}

  /**
   * Returns what a job must still wait for, or null if the plane is healthy. Throws if the plane is retired.
   * With a `manager`, decides in its transaction.
   */
  async missing(id: string, version: string, manager?: EntityManager): Promise<string | null> {
    const plane = await (manager ? manager.findOneByOrFail(TenantPlane, { id }) : this.find(id));
    return reportLackedBy(plane, version) ?? troubleOf(plane) ?? this.entriesLackedBy(plane);
  }

  /**
   * Like {@link missing}, but for a plane that was rolled back. The plane need
   * not be healthy, because it may have been unhealthy before the upgrade.
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
  return new StepFailure('fatal', 'tenant_plane_gone', 'The tenant plane has been retired.');
}

function reportLackedBy(plane: TenantPlane, version: string): string | null {
  if (plane.status === 'retired') throw planeGone();
  if (plane.status !== 'enrolled') return 'the enrolment of the tenant plane';
  return plane.version !== version || !hasReportedSince(plane) ? `it to report version ${version}` : null;
}

/** A degraded plane still serves users. Rolling back would not fix a full queue or a wrong clock. */
function troubleOf({ health, healthStatus }: TenantPlane): string | null {
  if (healthStatus === 'ok' || healthStatus === 'degraded') return null;
  const told = troubleIn(health ?? {});
  return `it to report that it is healthy${told && `: it reports ${told}`}`;
}

/**
 * Whether the process that the driver started has reported. Compares report
 * numbers rather than times, because the clocks of processes may differ.
 */
function hasReportedSince({ lastReportAt, sequence, releasedSequence }: TenantPlane): boolean {
  return lastReportAt !== null && sequence !== releasedSequence;
}
