import { Injectable } from '@nestjs/common';
import { type TenantStatus } from '@atlas/tenancy';
import { Placement } from '../../tenant-planes/placement.entity';
import { placeOf } from '../../tenant-planes/placements';
import { TenantStatusPublisher } from '../../tenants/tenant-status-publisher';
import { Transfers } from '../../transfers/transfers.service';
import { Step, type StepContext, type StepResult, done } from '../step';

/** Ends whatever move was under way, and has the tenant's users refused. */
@Injectable()
export class StopServingStep extends Step {
  readonly name = 'stop-serving';
  readonly description = 'Stop serving the tenant: its users are refused, its data stay untouched';
  readonly creates = [];

  constructor(
    private readonly publisher: TenantStatusPublisher,
    private readonly transfers: Transfers,
  ) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    await this.transfers.end(manager, tenantId);
    const home = await placeOf(manager, tenantId);
    if (home?.phase === 'frozen') {
      const { tenantPlaneId } = home;
      await manager.update(Placement, { tenantId, tenantPlaneId }, { phase: 'serving' });
    }
    await this.publisher.set(manager, tenantId, 'deprovisioning');
    return done();
  }

  /** One that was on its way stays half-built: its own job goes on with it. */
  async undo({ manager, tenantId, params }: StepContext): Promise<void> {
    const before = params['status'] as TenantStatus;
    await this.publisher.set(manager, tenantId, before === 'provisioning' ? 'failed' : before);
  }
}
