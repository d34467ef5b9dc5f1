import { type StepResult, sent } from '@atlas/jobs';
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

  run(context: ProvisioningContext): Promise<StepResult> {
    return Promise.resolve(sent(this.publish(context)));
  }

  private async publish({ manager, tenantId, outputs }: ProvisioningContext): Promise<void> {
    const { 'reserve-place': inCell, 'register-tenant-plane': onOwnPlane } = outputs;
    const tenantPlaneId = String((inCell ?? onOwnPlane)?.['tenant_plane_id']);
    const place = { tenantId, tenantPlaneId };
    // An undone attempt may have retired the placement.
    if (await this.desiredStates.publish(manager, place, { phase: 'serving' })) return;
    throw new Error(`Tenant ${tenantId} has no place on tenant plane ${tenantPlaneId}.`);
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
