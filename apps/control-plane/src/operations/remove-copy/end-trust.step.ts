import { type StepResult, done } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { lockTenant } from '../../tenants/tenants';
import { endRequirement, requireHomeServes } from '../../transfers/kept-copy';
import { oldPlace } from './old-place';

@Injectable()
export class EndTrustStep extends ProvisioningStep {
  readonly name = 'end-trust';
  readonly description =
    'Revoke the tokens and secrets of the tenant plane that the tenant has moved away from';
  readonly creates = [];

  constructor(
    private readonly planes: SingleTenantPlanes,
    private readonly database: Database,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const place = oldPlace(context);
    const { manager } = context;
    await lockTenant(manager, place.tenantId);
    const plane = await manager.findOneByOrFail(TenantPlane, { id: place.tenantPlaneId });
    // Retire the plane first. This takes the lock on the plane's
    // calls, which must be taken before placements are locked.
    await this.planes.retire(manager, place.tenantId, plane);
    const { importedBy } = await manager.findOneByOrFail(Placement, place);
    if (importedBy !== null) await requireHomeServes(this.database, manager, place);
    await manager.update(Placement, place, { removeAfter: null });
    await endRequirement(manager, place);
    return done();
  }

  async undo(): Promise<void> {
    // Revoked trust is never restored; the plane must enrol again.
  }
}
