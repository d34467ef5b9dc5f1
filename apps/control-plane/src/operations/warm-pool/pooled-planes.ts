import { Injectable } from '@nestjs/common';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext } from '../../provisioning-jobs/provisioning-step';
import { TenantPlane } from '../../registry/tenant-plane.entity';

/** Removes planes that no tenant has had. */
@Injectable()
export class PooledPlanes {
  constructor(
    private readonly infrastructures: Infrastructures,
    private readonly planes: SingleTenantPlanes,
  ) {}

  /** Removes what was created for the plane, and ends the trust in it. Idempotent. */
  async remove({ manager, tenantPlaneId: id, write }: ProvisioningContext): Promise<void> {
    const plane = await manager.findOneByOrFail(TenantPlane, { id });
    if (plane.status === 'retired') return;
    await this.infrastructures.destroyPlane(null, plane, write);
    await write((transaction) => this.planes.retire(transaction, null, plane));
  }
}
