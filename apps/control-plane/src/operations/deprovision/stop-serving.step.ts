import { type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { type TenantStatus } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { TenantStatusPublisher } from '../../desired-state/tenant-status-publisher';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Cells } from '../../registry/cells';
import { Placement } from '../../registry/placement.entity';
import { placeOf } from '../../registry/placements';
import { Transfers } from '../../transfers/transfers';

/** Stops any move in progress and refuses the tenant's users. */
@Injectable()
export class StopServingStep extends ProvisioningStep {
  readonly name = 'stop-serving';
  readonly description = 'Stop serving the tenant; its users are refused and its data stays untouched';
  readonly creates = [];

  constructor(
    private readonly publisher: TenantStatusPublisher,
    private readonly transfers: Transfers,
    private readonly cells: Cells,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    await this.endMove(manager, tenantId);
    await this.publisher.set(manager, tenantId, 'deprovisioning');
    return done();
  }

  /**
   * A tenant that was still being provisioned becomes `failed`. Such a tenant
   * can only be deprovisioned again, since its provisioning job has ended.
   */
  async undo({ manager, tenantId, params }: ProvisioningContext): Promise<void> {
    // Starting this job superseded any move in progress, even if this step never ran.
    await this.endMove(manager, tenantId);
    await this.leaveWhereItMoved(manager, tenantId);
    const before = params['status'] as TenantStatus;
    await this.publisher.set(manager, tenantId, before === 'provisioning' ? 'failed' : before);
  }

  private async endMove(manager: EntityManager, tenantId: string): Promise<void> {
    await this.transfers.end(manager, tenantId);
    const home = await placeOf(manager, tenantId);
    if (home?.phase !== 'frozen') return;
    const { tenantPlaneId } = home;
    await manager.update(Placement, { tenantId, tenantPlaneId }, { phase: 'serving' });
  }

  /**
   * No job resumes the stopped move, so the copy at its target
   * becomes an old copy that is immediately due for removal.
   */
  private async leaveWhereItMoved(manager: EntityManager, tenantId: string): Promise<void> {
    const coming = await placeOf(manager, tenantId, 'importing');
    if (!coming) return;
    const { tenantPlaneId } = coming;
    const removeAfter = coming.removeAfter ?? this.clock.now();
    const left = { phase: 'retired', holdsPlace: false, removeAfter } as const;
    await manager.update(Placement, { tenantId, tenantPlaneId }, left);
    await this.cells.freePlace(manager, tenantPlaneId);
  }
}
