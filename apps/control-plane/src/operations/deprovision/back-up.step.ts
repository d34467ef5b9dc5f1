import { profileOf } from '@atlas/deployment-profiles';
import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { lockHome } from '../../registry/lock-home';
import { type Placement } from '../../registry/placement.entity';
import { hasLostCopy, placeOf } from '../../registry/placements';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { type Transfer } from '../../registry/transfer.entity';
import { lockTenant } from '../../tenants/tenants';
import { Backups } from '../../transfers/backups';
import { doesHomeServe, isLossAccepted, lostCopyDetail } from '../../transfers/kept-copy';

/** The output of a job that makes no backup because an operator has accepted the loss of the rows. */
export const LOST = 'none: its rows are lost, which was accepted';

/**
 * Makes the tenant plane send the tenant's rows, encrypted to a key
 * that only this backup uses, and then perform a trial restore.
 */
@Injectable()
export class BackUpStep extends ProvisioningStep {
  readonly name = 'back-up';
  readonly description = "Make an encrypted backup of the tenant's rows, once writes have stopped";
  readonly creates = ['backup'];

  constructor(
    private readonly backups: Backups,
    private readonly desiredStates: DesiredStates,
    private readonly database: Database,
  ) {
    super();
  }

  async run({ manager, tenantId, params, outputs }: ProvisioningContext): Promise<StepResult> {
    const place = await placeWithRows(manager, tenantId);
    if (!place) return done({ backup: 'none: the tenant was never used' });
    // An earlier run's backup is verified and still current. A rollback
    // of this job was refused, so no user has written anything since.
    if (await this.verified(manager, tenantId, outputs)) return done(outputs['back-up']);
    // Discard an earlier run's backup, because the home may
    // have lost and regained its rows since that run began.
    await this.eraseOwn(manager, tenantId, outputs);
    if (await hasLostCopy(manager, place)) {
      const kept = await this.backups.kept(manager, tenantId);
      if (await isLossAccepted(manager, params, place)) return done({ backup: LOST });
      if (kept?.id !== place.restoredFrom) throw await movedCopyLost(manager, place);
      // The plane has lost the restored rows, so the
      // backup that they came from is the newest one.
      return done({ kept_backup_id: kept.id });
    }
    const backup = await this.backups.begin(manager, tenantId, place.tenantPlaneId);
    await this.desiredStates.publish(manager, place);
    return done({ backup_id: backup.id });
  }

  /** Erases only the job's own backup, because an earlier one may be the only verified backup. */
  async undo({ manager, tenantId, outputs }: ProvisioningContext): Promise<void> {
    const backup = await this.verified(manager, tenantId, outputs);
    if (backup) await this.requireHome(manager, backup);
    await this.eraseOwn(manager, tenantId, outputs);
    const place = await placeWithRows(manager, tenantId);
    if (place) await this.desiredStates.publish(manager, place);
  }

  /**
   * Returns the job's own backup if it is verified, otherwise null. Once it is
   * verified, the home may lose its rows, and other planes may remove their copies.
   */
  private async verified(
    manager: EntityManager,
    tenantId: string,
    outputs: ProvisioningContext['outputs'],
  ): Promise<Transfer | null> {
    const kept = await this.backups.kept(manager, tenantId);
    return kept?.id === ownBackupIdIn(outputs) ? kept : null;
  }

  /**
   * Checks the home, and blocks its enrolments and reports until the transaction ends.
   * @throws StepFailure unless the home serves the rows that were backed up.
   */
  private async requireHome(
    manager: EntityManager,
    { tenantId, madeBy, forkedBefore }: Transfer,
  ): Promise<void> {
    await lockTenant(manager, tenantId);
    const home = await lockHome(manager, tenantId);
    const plane = await manager.findOneBy(TenantPlane, { id: home?.tenantPlaneId ?? '' });
    if (plane?.forkedAt?.getTime() !== forkedBefore?.getTime()) throw homeForked();
    const isSame = plane !== null && plane.instanceId === madeBy;
    if (isSame && (await doesHomeServe(this.database, manager, tenantId))) return;
    throw homeNotServing();
  }

  private async eraseOwn(
    manager: EntityManager,
    tenantId: string,
    outputs: ProvisioningContext['outputs'],
  ): Promise<void> {
    const id = ownBackupIdIn(outputs);
    if (id !== undefined) await this.backups.erase(manager, tenantId, id);
  }
}

/**
 * Returns the failure for a home that has lost the moved rows, so
 * that only the old copy is left. Nothing is backed up or removed.
 */
export async function movedCopyLost(manager: EntityManager, home: Placement): Promise<StepFailure> {
  const fix = 'Operator: roll this job back, do what the detail says, then deprovision the tenant again.';
  return new StepFailure('operator', 'copy_lost', await lostCopyDetail(manager, home), fix);
}

function homeNotServing(): StepFailure {
  const detail =
    "The tenant's home is offline, was reinstalled, or has not reported that it serves the rows. The " +
    "job's backup may be the only copy of the rows, so it is kept, and the job is not rolled back.";
  const fix =
    'Operator: bring the home back with its database, then roll the job back again. If its rows are ' +
    'lost, retry the job, then restore the tenant (POST /api/tenants/<id>/restore).';
  return new StepFailure('operator', 'home_not_serving', detail, fix);
}

/**
 * The home's database was replaced by an older one, or its disk
 * was cloned. In both cases the instance id stays the same.
 */
function homeForked(): StepFailure {
  const detail =
    "Two databases have reported as the tenant's home since this job began its backup: one was restored " +
    'from an older backup, or its disk was cloned. The home may serve older rows than those in the ' +
    'backup, so the backup is kept, and the job is not rolled back.';
  const fix =
    'Operator: retry the job, then restore the tenant (POST /api/tenants/<id>/restore). That brings back ' +
    'all rows in the backup. No user has written anything since the backup.';
  return new StepFailure('operator', 'home_forked', detail, fix);
}

/**
 * The backup that this job makes, or an earlier backup that the job keeps
 * because the plane has lost the rows. Undefined if there is nothing to back up.
 */
export function backupIdIn(outputs: ProvisioningContext['outputs']): string | undefined {
  return ownBackupIdIn(outputs) ?? keptBackupIdIn(outputs);
}

/** Like {@link backupIdIn}, but only if this job makes the backup. */
export function ownBackupIdIn({ 'back-up': outputs }: ProvisioningContext['outputs']): string | undefined {
  return outputs?.['backup_id'] as string | undefined;
}

/** Like {@link backupIdIn}, but only if the job keeps an earlier backup. */
export function keptBackupIdIn({ 'back-up': outputs }: ProvisioningContext['outputs']): string | undefined {
  return outputs?.['kept_backup_id'] as string | undefined;
}

/**
 * The tenant's home if Atlas runs it and must back up its rows;
 * otherwise null. A tenant that was never active has no rows.
 */
export async function placeWithRows(manager: EntityManager, tenantId: string) {
  const { activeAt } = await manager.findOneByOrFail(Tenant, { id: tenantId });
  const home = await placeOf(manager, tenantId);
  if (activeAt === null || !home || home.entryRevision === 0) return null;
  const { deploymentModel } = await manager.findOneByOrFail(TenantPlane, { id: home.tenantPlaneId });
  return profileOf(deploymentModel).runBy.tenantPlane === 'atlas' ? home : null;
}
