import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { healthOf } from '../../registry/health-class';
import { lockHome } from '../../registry/lock-home';
import { Placement } from '../../registry/placement.entity';
import { hasLostCopy, isApplied, isHome, toldPlaces, troubleAt } from '../../registry/placements';
import { TenantPlane, isAirGapped } from '../../registry/tenant-plane.entity';
import { lockTenant } from '../../tenants/tenants';
import { lostCopyDetail } from '../../transfers/kept-copy';
import { RestoredCopy } from '../../transfers/restored-copy';

const PATIENCE_MS = 15 * 60_000;
const REPORT = 'the report of the tenant plane';

/**
 * Waits until the home has applied the tenant's entry and the tenant's other online planes
 * have seen it. If the tenant is served from a kept copy again, waits only for the home.
 */
@Injectable()
export class AwaitReportStep extends ProvisioningStep {
  readonly name = 'await-report';
  readonly description = "Wait for the tenant plane to report the tenant's entry as applied";
  readonly creates = [];

  constructor(
    private readonly copy: RestoredCopy,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const reopened = await this.copy.reopenIfLost(context);
    if (reopened) return reopened;
    const { manager, tenantId, operation } = context;
    const until = patienceOf(context);
    if (operation === 'move') await lockTenant(manager, tenantId);
    const told = operation === 'move' ? [] : await toldPlaces(manager, tenantId);
    const home = operation === 'move' ? await lockHome(manager, tenantId) : told.find(isHome);
    if (!home) throw new StepFailure('fatal', 'not_placed', 'The tenant has no home.');
    if (!isApplied(home)) {
      if (hasSeen(home) && home.reportedState === 'failed') throw notApplied(home);
      const plane = await manager.findOneByOrFail(TenantPlane, { id: home.tenantPlaneId });
      // An air-gapped plane never reports. It received its tenants in the response file of its enrolment.
      if (isAirGapped(plane)) return done({ report: 'none: the tenant plane is air-gapped' });
      return wait(REPORT, until, troubleAt(home));
    }
    if (operation === 'move') return this.served(manager, home);
    const beside = told.filter((place) => place !== home);
    const silent = await this.silentAmong(manager, beside, context.sharedNow());
    return silent === null ? done() : wait(`the report of tenant plane ${silent}`, until);
  }

  /** A cell cannot have reported on an entry that has just been published, and it is never air-gapped. */
  override rightAfter(context: ProvisioningContext): StepResult | null {
    return context.outputs['reserve-place'] ? wait(REPORT, patienceOf(context)) : null;
  }

  async undo(): Promise<void> {
    // Nothing to undo, because this step only waits.
  }

  /**
   * For a tenant that is served from a kept copy again. From here on, the home
   * does not count as having lost the copy if its database is replaced. The plane
   * that lost the rows serves no users, so the job does not wait for its report.
   */
  private async served(manager: EntityManager, home: Placement): Promise<StepResult> {
    if (await hasLostCopy(manager, home))
      throw new StepFailure('retry', 'copy_lost', await lostCopyDetail(manager, home));
    const { tenantId, tenantPlaneId } = home;
    await manager.update(Placement, { tenantId, tenantPlaneId }, { importedBy: null });
    await this.desiredStates.publish(manager, home);
    return done();
  }

  /**
   * Finds an online plane that may have the tenant's rows and has not seen the
   * tenant's entry yet. The plane need not have applied the entry, because a move
   * to that plane decides what happens to the copy there. An offline plane may see
   * the entry later, because it serves none of the tenant's users.
   */
  private async silentAmong(
    manager: EntityManager,
    places: readonly Placement[],
    now: Date,
  ): Promise<string | null> {
    for (const { tenantPlaneId: id } of places.filter((place) => !hasSeen(place))) {
      const plane = await manager.findOneByOrFail(TenantPlane, { id });
      if (healthOf(plane, now) === 'online') return plane.name;
    }
    return null;
  }
}

function patienceOf({ startedAt }: ProvisioningContext): Date {
  return new Date(startedAt.getTime() + PATIENCE_MS);
}

function hasSeen({ reportedRevision, entryRevision }: Placement): boolean {
  return reportedRevision >= entryRevision;
}

function notApplied({ reportedError }: Placement): StepFailure {
  const detail = `The tenant plane could not apply the tenant: ${reportedError ?? 'no reason given'}`;
  return new StepFailure('retry', 'apply_failed', detail);
}
