import { type StepResult, done } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { requireHomeServes } from '../../transfers/kept-copy';
import { oldPlace } from './old-place';

@Injectable()
export class RemoveInfrastructureStep extends ProvisioningStep {
  readonly name = 'remove-infrastructure';
  readonly description = 'Remove the database and the tenant plane that the tenant has moved away from';
  readonly creates = [];
  override readonly isAtomic = false;
  override readonly takesLong = ['run'] as const;

  constructor(
    private readonly infrastructures: Infrastructures,
    private readonly database: Database,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const place = oldPlace(context);
    const { manager, write } = context;
    const tenant = await manager.findOneByOrFail(Tenant, { id: place.tenantId });
    const plane = await manager.findOneByOrFail(TenantPlane, { id: place.tenantPlaneId });
    await this.infrastructures.destroyPlane(tenant, plane, write, async (transaction) => {
      await requireHomeServes(this.database, transaction, place);
      // From here on the copy may be incomplete, so a move back must not reopen it.
      await transaction.update(Placement, place, { importedBy: null });
    });
    return done();
  }

  async undo(): Promise<void> {
    // A removal cannot be undone.
  }
}
