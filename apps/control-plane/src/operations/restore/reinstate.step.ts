import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { type TenantStatus } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { placeOf } from '../../registry/placements';
import { lockPlane } from '../../registry/plane-lock';
import { changeTenantStatus } from '../../registry/tenant-status';
import { type Transfer } from '../../registry/transfer.entity';
import { TenantAddresses } from '../../tenants/tenant-addresses';
import { lockTenant } from '../../tenants/tenants';
import { Backups } from '../../transfers/backups';
import { RestoredCopy } from '../../transfers/restored-copy';
import { holdTransfer } from '../../transfers/transfers';

/**
 * Gives the tenant its previous status. From here on the restore cannot be rolled
 * back. The backup is kept until the plane reports that it serves the tenant.
 */
@Injectable()
export class ReinstateStep extends ProvisioningStep {
  readonly name = 'reinstate';
  readonly description = 'Make the tenant plane the home of the tenant, with its previous status';
  readonly creates = [];

  constructor(
    private readonly backups: Backups,
    private readonly copy: RestoredCopy,
    private readonly desiredStates: DesiredStates,
    private readonly addresses: TenantAddresses,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId, params } = context;
    const tenant = await lockTenant(manager, tenantId);
    const coming = await placeOf(manager, tenantId, 'importing');
    // An earlier run of this step has already reinstated the tenant, and undoing that run was refused.
    if (!coming && (await placeOf(manager, tenantId))) return done();
    if (!coming) throw new StepFailure('fatal', 'not_placed', 'The tenant has no place to return to.');
    const { tenantPlaneId } = coming;
    // The lock keeps the plane from enrolling or changing its address during this transaction.
    const plane = await lockPlane(manager, tenantPlaneId);
    const backup = await this.backupOf(context);
    const missing = await this.copy.unlessThere(context, plane, backup);
    if (missing) return missing;
    const copy = backup && { restoredFrom: backup.id, importedBy: plane.instanceId, reportedCode: null };
    const place = { phase: 'serving', removeAfter: null, purgeJobId: null, ...copy } as const;
    await manager.update(Placement, { tenantId, tenantPlaneId }, place);
    const status = params['status'] as TenantStatus;
    const changes = {
      ...this.addresses.at(plane, tenant),
      restorableUntil: null,
      updatedAt: this.clock.now(),
    };
    await changeTenantStatus(manager, tenantId, status, changes);
    if (backup) await this.backups.putBack(manager, backup);
    await this.desiredStates.publish(manager, coming);
    return done();
  }

  /** Null if nothing was imported because the customer has kept the rows. */
  private async backupOf({ manager, tenantId, outputs }: ProvisioningContext): Promise<Transfer | null> {
    const backup = await holdTransfer(manager, { tenantId, purpose: 'restore' });
    if (!backup && outputs['open-restore'])
      throw new StepFailure('fatal', 'no_backup', 'The restore has ended.');
    return backup;
  }

  /**
   * Fails once the tenant is back, because undoing the step
   * would lose any changes that users have made since.
   */
  async undo({ manager, tenantId }: ProvisioningContext): Promise<void> {
    if (!(await placeOf(manager, tenantId))) return;
    const detail = 'The tenant is back and its users may have made changes, so this cannot be undone.';
    const fix = 'Operator: retry the job, or deprovision the tenant again.';
    throw new StepFailure('operator', 'beyond_return', detail, fix);
  }
}
