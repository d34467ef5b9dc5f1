import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/**
 * A plane has applied its whole desired state without reporting on this tenant,
 * or could not apply the tenant's entry. Repaired by publishing the entry again.
 */
@Injectable()
export class EntryUnappliedCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'entry_unapplied';

  constructor(
    readonly subjects: TenantSubjects,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  find({ tenant, isLive, home }: TenantSubject): string | null {
    if (!isLive || !home) return null;
    const { entryRevision, reportedRevision, reportedState, reportedError } = home.placement;
    if (reportedState === 'failed' && reportedRevision >= entryRevision)
      return (
        `Tenant plane ${home.plane.name} could not apply tenant ${tenant.slug}: ` +
        `${reportedError ?? 'it gave no reason'}. Check the plane's log.`
      );
    const applied = this.desiredStates.appliedBy(home.plane);
    if (reportedRevision >= entryRevision || applied < entryRevision) return null;
    return (
      `Tenant plane ${home.plane.name} has applied revision ${applied}, but did not report on tenant ` +
      `${tenant.slug}, whose entry has revision ${entryRevision}.`
    );
  }

  /**
   * The plane itself retries an entry that it could not apply. If a plane reported
   * `copy_missing` but has since applied everything, it has a different database by now. The
   * entry has already been applied there, so the plane reports on it only if it is sent again.
   */
  override async repair(manager: EntityManager, { home }: TenantSubject): Promise<boolean> {
    if (!home) return false;
    const { reportedState, reportedCode, entryRevision } = home.placement;
    const isReplaced =
      reportedCode === 'copy_missing' && this.desiredStates.appliedBy(home.plane) >= entryRevision;
    if (reportedState === 'failed' && !isReplaced) return false;
    await this.desiredStates.publish(manager, home.placement);
    return true;
  }
}
