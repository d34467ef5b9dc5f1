import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { type TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { DriftCheck } from '../drift-check';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';

/** Its plane says that it has applied all, and said nothing of this tenant, or that it failed. Repaired: it is told again. */
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
      return `Tenant plane ${home.plane.name} could not apply tenant ${tenant.slug}: ${reportedError ?? 'it gave no reason'}. Its log says more.`;
    if (reportedRevision >= entryRevision || appliedBy(home.plane) < entryRevision) return null;
    return `Tenant plane ${home.plane.name} has applied revision ${appliedBy(home.plane)}, and did not report tenant ${tenant.slug}, whose entry is of revision ${entryRevision}.`;
  }

  /**
   * The plane itself retries an entry that fails. But a plane that reported `copy_missing` and has since applied everything
   * has got another database, which knows the entry from before, so it must be told again.
   */
  override async repair(manager: EntityManager, { home }: TenantSubject): Promise<boolean> {
    if (!home) return false;
    const { reportedState, reportedCode, entryRevision } = home.placement;
    const isReplaced = reportedCode === 'copy_missing' && appliedBy(home.plane) >= entryRevision;
    if (reportedState === 'failed' && !isReplaced) return false;
    await this.desiredStates.publish(manager, home.placement);
    return true;
  }
}

/** The `n` of what it reported. Of an epoch before a restore it says nothing, and is then told everything. */
export function appliedBy({ appliedRevision, revision }: TenantPlane): number {
  const n = Number(appliedRevision?.split('.')[1] ?? 0);
  return n > revision ? 0 : n;
}
