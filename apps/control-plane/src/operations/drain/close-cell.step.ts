import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { TenantPlane } from '../../registry/tenant-plane.entity';

@Injectable()
export class CloseCellStep extends ProvisioningStep {
  readonly name = 'close-cell';
  readonly description = 'Stop placing tenants in the cell';
  readonly creates = [];

  async run({ manager, tenantPlaneId: id }: ProvisioningContext): Promise<StepResult> {
    const { acceptsTenants } = await manager.findOneByOrFail(TenantPlane, { id });
    await manager.update(TenantPlane, { id }, { acceptsTenants: false });
    return done({ was_open: acceptsTenants });
  }

  /** A cell closed by an earlier drain stays closed. */
  async undo({ manager, tenantPlaneId: id, outputs }: ProvisioningContext): Promise<void> {
    if (outputs[this.name]?.['was_open'] !== true) return;
    await manager.update(TenantPlane, { id }, { acceptsTenants: true });
  }
}
