import { Injectable } from '@nestjs/common';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { Step, type StepContext, type StepResult, done } from '../step';

@Injectable()
export class CloseCellStep extends Step {
  readonly name = 'close-cell';
  readonly description = 'Place nobody in the cell any more';
  readonly creates = [];

  async run({ manager, tenantPlaneId: id }: StepContext): Promise<StepResult> {
    await manager.update(TenantPlane, { id }, { acceptsTenants: false });
    return done();
  }

  async undo({ manager, tenantPlaneId: id }: StepContext): Promise<void> {
    await manager.update(TenantPlane, { id }, { acceptsTenants: true });
  }
}
