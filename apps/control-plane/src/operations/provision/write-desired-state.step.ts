import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';

@Injectable()
export class WriteDesiredStateStep extends ProvisioningStep {
  readonly name = 'write-desired-state';
  readonly description = 'Publish the tenant in the desired state of its tenant plane';
  readonly creates = ['desired-state entry'];

  constructor(private readonly desiredStates: DesiredStates) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    const placement = await manager.findOneByOrFail(Placement, { tenantId, holdsPlace: true });
    // An undone attempt may have retired the placement.
    if (placement.phase !== 'serving')
      await manager.update(Placement, keyOf(placement), { phase: 'serving' });
    await this.desiredStates.publish(manager, placement);
    return done();
  }

  async undo({ manager, tenantId }: ProvisioningContext): Promise<void> {
    const placement = await manager.findOneBy(Placement, { tenantId, holdsPlace: true });
    if (!placement || placement.entryRevision === 0) return;
    await manager.update(
      Placement,
      { tenantId, tenantPlaneId: placement.tenantPlaneId },
      { phase: 'retired' },
    );
    await this.desiredStates.publish(manager, placement);
  }
}

function keyOf({ tenantId, tenantPlaneId }: Placement): Pick<Placement, 'tenantId' | 'tenantPlaneId'> {
  return { tenantId, tenantPlaneId };
}
