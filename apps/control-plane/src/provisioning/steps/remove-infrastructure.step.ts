import { Injectable } from '@nestjs/common';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { Tenant } from '../../tenants/tenant.entity';
import { Step, type StepContext, type StepResult, done } from '../step';
import { oldPlace } from './old-place';

@Injectable()
export class RemoveInfrastructureStep extends Step {
  readonly name = 'remove-infrastructure';
  readonly description = 'Remove the database and the tenant plane that the tenant has moved away from';
  readonly creates = [];
  override readonly isAtomic = false;
  override readonly takesLong = ['run'] as const;

  constructor(private readonly infrastructures: Infrastructures) {
    super();
  }

  async run(context: StepContext): Promise<StepResult> {
    const { tenantId, tenantPlaneId } = oldPlace(context);
    const { manager, write } = context;
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    await this.infrastructures.destroyPlane(tenant, plane, write);
    return done();
  }

  async undo(): Promise<void> {
    // What is removed does not come back.
  }
}
