import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { placeOf } from '../../registry/placements';
import { olderThanBackup } from '../../registry/plane-versions';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { Backups } from '../../transfers/backups';
import { cannotTakeRows } from '../../transfers/cannot-take-rows';

@Injectable()
export class OpenRestoreStep extends ProvisioningStep {
  readonly name = 'open-restore';
  readonly description = 'Have the tenant plane import the backup';
  readonly creates = [];

  constructor(
    private readonly backups: Backups,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    const backup = await this.backups.kept(manager, tenantId);
    const coming = await placeOf(manager, tenantId, 'importing');
    if (!backup || !coming) throw new StepFailure('fatal', 'no_backup', 'There is no backup to restore.');
    const { tenantPlaneId } = coming;
    const target = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    const why = olderThanBackup(backup, target);
    if (why !== null) throw cannotTakeRows(target, why);
    await this.backups.bringBack(manager, backup, tenantPlaneId);
    // An interrupted undo may have set `purgeJobId`. Publishing it
    // again would make the plane remove the rows being imported.
    await manager.update(Placement, { tenantId, tenantPlaneId }, { purgeJobId: null });
    await this.desiredStates.publish(manager, coming);
    return done({ backup_id: backup.id });
  }

  /** Keeps the backup, and makes the plane remove what it has imported. */
  async undo({ manager, tenantId, jobId: purgeJobId }: ProvisioningContext): Promise<void> {
    const backup = await this.backups.live(manager, tenantId);
    if (backup) await this.backups.putBack(manager, backup);
    const coming = await placeOf(manager, tenantId, 'importing');
    if (!coming || coming.entryRevision === 0) return;
    const { tenantPlaneId } = coming;
    await manager.update(Placement, { tenantId, tenantPlaneId }, { purgeJobId });
    await this.desiredStates.publish(manager, coming);
  }
}
