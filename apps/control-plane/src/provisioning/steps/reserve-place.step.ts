import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Cells } from '../../tenant-planes/cells';
import { Placement } from '../../tenant-planes/placement.entity';
import { givePlaceBack, reservedPlacement } from '../../tenant-planes/placements';
import { Tenant } from '../../tenants/tenant.entity';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';

/** Gives the tenant a place in the emptiest cell that has room. */
@Injectable()
export class ReservePlaceStep extends Step {
  readonly name = 'reserve-place';
  readonly description = 'Reserve a place in the emptiest shared tenant plane with room';
  readonly creates = ['placement'];

  constructor(
    private readonly cells: Cells,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    const placed = await manager.findOneBy(Placement, { tenantId, holdsPlace: true });
    if (placed) return done({ tenant_plane_id: placed.tenantPlaneId });
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const cell = await this.cells.takePlace(manager, tenant.region);
    if (!cell) {
      const detail = 'Every shared tenant plane is full. Register another cell, then retry the job.';
      throw new StepFailure('operator', 'no_capacity', detail);
    }
    // It may have been placed there before, by an attempt that was undone.
    const placement = reservedPlacement(tenantId, cell.id, this.clock.now());
    await manager.upsert(Placement, placement, ['tenantId', 'tenantPlaneId']);
    await manager.update(Tenant, { id: tenantId }, { endpointUrl: cell.endpointUrl });
    return done({ tenant_plane_id: cell.id });
  }

  async undo({ manager, tenantId }: StepContext): Promise<void> {
    const placed = await manager.findOneBy(Placement, { tenantId, holdsPlace: true });
    if (!placed) return;
    await givePlaceBack(manager, placed);
    await this.cells.freePlace(manager, placed.tenantPlaneId);
  }
}
