import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { placeOf } from '../../registry/placements';
import { lockPlanes } from '../../registry/plane-lock';
import { lockTenant } from '../../tenants/tenants';
import { Transfers, holdTransfer, isBetween, isToOldKey } from '../../transfers/transfers';
import { HomeChange } from './home-change';
import { unlessMoved } from './whole-copy';

/**
 * Makes the new tenant plane the tenant's home, in the transaction
 * that ends the job. The old copy is kept for a while.
 */
@Injectable()
export class CutOverStep extends ProvisioningStep {
  readonly name = 'cut-over';
  readonly description = 'Make the new tenant plane the home of the tenant; the old copy is kept for a while';
  readonly creates = [];

  constructor(
    private readonly transfers: Transfers,
    private readonly homes: HomeChange,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId, outputs, here }: ProvisioningContext): Promise<StepResult> {
    const tenant = await lockTenant(manager, tenantId);
    const [home, coming] = [await placeOf(manager, tenantId), await placeOf(manager, tenantId, 'importing')];
    if (!home || !coming) throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    // The locks keep the new plane from enrolling or changing its address during this transaction.
    const [plane] = await lockPlanes(manager, [coming.tenantPlaneId, home.tenantPlaneId]);
    const transfer = await holdTransfer(manager, { tenantId, purpose: 'move' });
    if (!plane || !transfer?.frozenAt)
      throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    if (!isBetween(transfer, { sourcePlaneId: home.tenantPlaneId, targetPlaneId: coming.tenantPlaneId }))
      throw new StepFailure(
        'fatal',
        'no_transfer',
        'The rows were copied to a tenant plane that the tenant is not moving to.',
      );
    // A plane whose secret was revoked re-enrols with a new key, so waiting for it would not help.
    if (plane.status !== 'enrolled' || (await isToOldKey(manager, transfer)))
      throw new StepFailure(
        'fatal',
        'no_transfer',
        'The target tenant plane has re-enrolled or lost its enrolment since the rows were copied to it.',
      );
    const [frozenAt, now] = [here(transfer.frozenAt), this.clock.now()];
    const missing = await unlessMoved(manager, transfer, { frozenAt, now });
    if (missing) return missing;
    await this.transfers.end(manager, tenantId);
    const copy = { restoredFrom: transfer.id, importedBy: plane.instanceId, reopenedBy: null };
    // If a new installation has enrolled as the source since the freeze, it does not have the rows.
    const seen = outputs['freeze']?.['source_instance_id'];
    const keptBy = typeof seen === 'string' ? seen : null;
    await this.homes.make(manager, tenant, { plane, copy, former: home, keptBy });
    return done({ freeze_ms: now.getTime() - frozenAt.getTime(), parts: transfer.parts });
  }

  async undo(): Promise<void> {
    // The job ends with this step. To move the tenant back, start another move.
  }
}
