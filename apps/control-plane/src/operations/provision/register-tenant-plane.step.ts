import { profileOf } from '@atlas/deployment-profiles';
import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { arrivalOf } from '../../enrolment/arrival';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { givePlaceBack, placeOf } from '../../registry/placements';
import { lockPlaneAndCalls } from '../../registry/plane-lock';
import { Tenant } from '../../registry/tenant.entity';

/**
 * Registers a tenant plane that serves only this tenant. If the
 * customer installs the plane, it is already registered.
 */
@Injectable()
export class RegisterTenantPlaneStep extends ProvisioningStep {
  readonly name = 'register-tenant-plane';
  readonly description = "Register the tenant's own tenant plane, which is expected to enrol";
  readonly creates = ['tenant plane', 'placement'];

  constructor(private readonly planes: SingleTenantPlanes) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId, operation } = context;
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const arrival = arrivalOf(context, tenant);
    // The customer's plane has kept the rows and must enrol again. The
    // plane is already marked as expected, unless this step was undone.
    const isKept = operation === 'restore' && profileOf(arrival.model).installRequired;
    const plane = await (isKept
      ? this.planes.expectAgain(manager, tenant, arrival)
      : this.planes.ensure(manager, tenant, arrival));
    return done({ tenant_plane_id: plane.id });
  }

  async undo(context: ProvisioningContext): Promise<void> {
    const { manager, tenantId } = context;
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const { model, phase } = arrivalOf(context, tenant);
    const place = await placeOf(manager, tenantId, phase);
    const plane = await this.planes.find(manager, tenantId, phase);
    // A plane with another deployment model does not belong to this job.
    if (!place || plane?.deploymentModel !== model) return;
    // Lock the plane before the placement, in the same order as the plane's reports.
    await lockPlaneAndCalls(manager, plane.id);
    // If the plane has ever enrolled, it may have the tenant's data and may be expected again.
    if (plane.enrolledAt === null) await givePlaceBack(manager, place);
    else await manager.update(Placement, idOf(place), { phase: 'retired', holdsPlace: false });
    await this.planes.retire(manager, tenantId, plane);
  }
}

function idOf({ tenantId, tenantPlaneId }: Placement): Pick<Placement, 'tenantId' | 'tenantPlaneId'> {
  return { tenantId, tenantPlaneId };
}
