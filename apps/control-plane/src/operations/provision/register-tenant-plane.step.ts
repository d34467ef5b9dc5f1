import { profileOf } from '@atlas/deployment-profiles';
import { type StepOutputs, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { arrivalOf } from '../../enrolment/arrival';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { WarmPool } from '../../enrolment/warm-pool';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { givePlaceBack, placeOf } from '../../registry/placements';
import { lockPlaneAndCalls } from '../../registry/plane-lock';
import { type TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { lockTenant } from '../../tenants/tenants';
import { AWAIT_ENROLMENT } from './await-enrolment.step';

/**
 * Registers a tenant plane that serves only this tenant, or takes one from the warm pool. If the customer
 * installs the plane, it is already registered.
 */
@Injectable()
export class RegisterTenantPlaneStep extends ProvisioningStep {
  readonly name = 'register-tenant-plane';
  readonly description =
    "Register the tenant's own tenant plane, which is expected to enrol, or take one from the warm pool";
  readonly creates = ['tenant plane', 'placement'];

  constructor(
    private readonly planes: SingleTenantPlanes,
    private readonly pool: WarmPool,
    private readonly infrastructures: Infrastructures,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId, operation } = context;
    const tenant = await lockTenant(manager, tenantId);
    const arrival = arrivalOf(context, tenant);
    const isPlaced = (await this.planes.find(manager, tenantId, arrival.phase)) !== null;
    const taken = isPlaced ? null : await this.pool.take(manager, tenant, arrival);
    if (taken) return done({ tenant_plane_id: taken.id, from_pool: true }, this.preparedOf(taken));
    // The customer's plane has kept the rows and must enrol again. The
    // plane is already marked as expected, unless this step was undone.
    const isKept = operation === 'restore' && profileOf(arrival.model).installRequired;
    const plane = await (isKept
      ? this.planes.expectAgain(manager, tenant, arrival)
      : this.planes.ensure(manager, tenant, arrival));
    return done({ tenant_plane_id: plane.id });
  }

  /** The later steps that the plane no longer needs. */
  private preparedOf(plane: TenantPlane): Readonly<Record<string, StepOutputs>> {
    const { id, version, infrastructureDriver: driver, endpointUrl: endpoint_url } = plane;
    if (this.infrastructures.mustName(plane)) return {};
    return {
      'create-infrastructure': { driver, endpoint_url },
      [AWAIT_ENROLMENT]: { tenant_plane_id: id, version },
    };
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
