import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { Placement } from '../../tenant-planes/placement.entity';
import { placeOf } from '../../tenant-planes/placements';
import { olderTarget } from '../../tenant-planes/plane-versions';
import { cannotTakeRows } from './cannot-take-rows';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { Transfers } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';

/** Has the source send the tenant's rows and the target import them, while the tenant goes on working. */
@Injectable()
export class OpenTransferStep extends Step {
  readonly name = 'open-transfer';
  readonly description = "Begin to copy the tenant's rows to its new tenant plane, while it goes on working";
  readonly creates = ['transfer'];

  constructor(
    private readonly transfers: Transfers,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    const [home, coming] = await this.places(manager, tenantId);
    if (!home || !coming) throw new StepFailure('fatal', 'not_placed', 'The tenant has no place to move to.');
    await this.requireNotOlder(manager, home, coming);
    const between = { sourcePlaneId: home.tenantPlaneId, targetPlaneId: coming.tenantPlaneId };
    const transfer = await this.transfers.open(manager, { tenantId, ...between });
    // An undo that got no further than this step had the rows removed: told again, it would remove what is imported.
    await manager.update(Placement, { tenantId, tenantPlaneId: coming.tenantPlaneId }, { purgeJobId: null });
    for (const place of [home, coming]) await this.desiredStates.publish(manager, place);
    return done({ transfer_id: transfer.id });
  }

  /** The source goes on as if nothing had been; what the target has of it goes. */
  async undo({ manager, tenantId, jobId: purgeJobId }: StepContext): Promise<void> {
    await this.transfers.end(manager, tenantId);
    const [home, coming] = await this.places(manager, tenantId);
    if (home) await this.desiredStates.publish(manager, home);
    if (!coming || coming.entryRevision === 0) return;
    const { tenantPlaneId } = coming;
    await manager.update(Placement, { tenantId, tenantPlaneId }, { purgeJobId });
    await this.desiredStates.publish(manager, coming);
  }

  /** A plane of the tenant's own says its version only when it enrols. */
  private async requireNotOlder(manager: EntityManager, home: Placement, coming: Placement): Promise<void> {
    const source = await manager.findOneByOrFail(TenantPlane, { id: home.tenantPlaneId });
    const target = await manager.findOneByOrFail(TenantPlane, { id: coming.tenantPlaneId });
    const why = olderTarget(source, target);
    if (why !== null) throw cannotTakeRows(target, why);
  }

  private places(manager: EntityManager, tenantId: string): Promise<(Placement | null)[]> {
    return Promise.all([placeOf(manager, tenantId), placeOf(manager, tenantId, 'importing')]);
  }
}
