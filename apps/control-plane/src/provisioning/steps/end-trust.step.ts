import { Injectable } from '@nestjs/common';
import { Placement } from '../../tenant-planes/placement.entity';
import { SingleTenantPlanes } from '../../tenant-planes/single-tenant-planes';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { Step, type StepContext, type StepResult, done } from '../step';
import { oldPlace } from './old-place';

@Injectable()
export class EndTrustStep extends Step {
  readonly name = 'end-trust';
  readonly description =
    'Revoke the tokens and secrets of the tenant plane that the tenant has moved away from';
  readonly creates = [];

  constructor(private readonly planes: SingleTenantPlanes) {
    super();
  }

  async run(context: StepContext): Promise<StepResult> {
    const place = oldPlace(context);
    const { manager } = context;
    const plane = await manager.findOneByOrFail(TenantPlane, { id: place.tenantPlaneId });
    await this.planes.retire(manager, place.tenantId, plane);
    await manager.update(Placement, place, { removeAfter: null });
    return done();
  }

  async undo(): Promise<void> {
    // Trust that has ended is given anew, never back.
  }
}
