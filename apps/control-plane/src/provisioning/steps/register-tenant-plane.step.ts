import { Injectable } from '@nestjs/common';
import { Placement } from '../../tenant-planes/placement.entity';
import { givePlaceBack } from '../../tenant-planes/placements';
import { SingleTenantPlanes } from '../../tenant-planes/single-tenant-planes';
import { Tenant } from '../../tenants/tenant.entity';
import { Step, type StepContext, type StepResult, done } from '../step';

/** Makes the record of a tenant plane that serves this tenant alone. Where the customer installs it, it is there already. */
@Injectable()
export class RegisterTenantPlaneStep extends Step {
  readonly name = 'register-tenant-plane';
  readonly description = "Register the tenant's own tenant plane, which is expected to enrol";
  readonly creates = ['tenant plane', 'placement'];

  constructor(private readonly planes: SingleTenantPlanes) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const plane = await this.planes.ensure(manager, tenant);
    return done({ tenant_plane_id: plane.id });
  }

  async undo({ manager, tenantId }: StepContext): Promise<void> {
    const plane = await this.planes.find(manager, tenantId);
    if (!plane) return;
    const place = { tenantId, tenantPlaneId: plane.id };
    await givePlaceBack(manager, await manager.findOneByOrFail(Placement, place));
    await this.planes.retire(manager, plane);
  }
}
