import { StepFailure, type StepResult, back, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { placeOf } from '../../registry/placements';
import { lockPlane } from '../../registry/plane-lock';
import { Transfers, holdTransfer, isLevel } from '../../transfers/transfers';

/** Makes the source refuse writes. Reads continue. */
@Injectable()
export class FreezeStep extends ProvisioningStep {
  readonly name = 'freeze';
  readonly description = 'Pause writes briefly (reads continue), so that the last changes can be copied';
  readonly creates = [];

  constructor(
    private readonly transfers: Transfers,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run({ manager, tenantId, sharedNow }: ProvisioningContext): Promise<StepResult> {
    const home = await placeOf(manager, tenantId);
    const plane = home && (await lockPlane(manager, home.tenantPlaneId));
    const transfer = await holdTransfer(manager, { tenantId, purpose: 'move' });
    if (!home || !plane || !transfer)
      throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    // If the process died or the database was unavailable, the target may have fallen behind again.
    if (!isLevel(transfer)) return back('await-copy');
    const { tenantPlaneId } = home;
    await this.transfers.freeze(manager, transfer.id, sharedNow());
    await manager.update(Placement, { tenantId, tenantPlaneId }, { phase: 'frozen' });
    await this.desiredStates.publish(manager, home);
    return done({ source_instance_id: plane.instanceId });
  }

  async undo({ manager, tenantId }: ProvisioningContext): Promise<void> {
    // The transfer is replaced, because the copy is no longer complete once users can write again.
    await this.transfers.replace(manager, tenantId);
    const home = await placeOf(manager, tenantId);
    if (home?.phase !== 'frozen') return;
    const { tenantPlaneId } = home;
    await manager.update(Placement, { tenantId, tenantPlaneId }, { phase: 'serving' });
    await this.desiredStates.publish(manager, home);
    const coming = await placeOf(manager, tenantId, 'importing');
    if (coming) await this.desiredStates.publish(manager, coming);
  }
}
