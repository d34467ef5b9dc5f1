import { updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../control-plane.config';
import { Cells } from '../../tenant-planes/cells';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { Placement } from '../../tenant-planes/placement.entity';
import { hasLostCopy, placeOf } from '../../tenant-planes/placements';
import { lockPlanes } from '../../tenant-planes/plane-lock';
import { TenantAddresses } from '../../tenants/tenant-addresses';
import { Tenant } from '../../tenants/tenant.entity';
import { lockTenant } from '../../tenants/tenants.service';
import { keptCopyOf } from '../kept-copy';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';

/** Makes the tenant's previous plane its home again, with the copy kept there. The plane that lost the rows keeps what it has. */
@Injectable()
export class ReopenCopyStep extends Step {
  readonly name = 'reopen-copy';
  readonly description =
    'Make the old tenant plane the home again, with the rows as they were at the move: the new one has lost them';
  readonly creates = [];

  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly cells: Cells,
    private readonly addresses: TenantAddresses,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    const tenant = await lockTenant(manager, tenantId);
    const place = await placeOf(manager, tenantId);
    const found = place && (await keptCopyOf(manager, place));
    if (!place || !found) throw notLost();
    // Enrolments and reports of either plane happen before or after this transaction, never during it.
    await lockPlanes(manager, [found.id, place.tenantPlaneId]);
    const [home, plane] = [await placeOf(manager, tenantId), await keptCopyOf(manager, place)];
    if (!home || !plane || !(await hasLostCopy(manager, home))) throw notLost();
    const now = this.clock.now();
    const removeAfter = new Date(now.getTime() + this.config.MOVE_KEEP_DAYS * 24 * 3_600_000);
    const none = { restoredFrom: null, importedBy: null, purgeJobId: null } as const;
    const lost = { tenantId, tenantPlaneId: home.tenantPlaneId };
    await manager.update(Placement, lost, { phase: 'retired', holdsPlace: false, removeAfter, ...none });
    await this.cells.freePlace(manager, home.tenantPlaneId);
    const kept = { tenantId, tenantPlaneId: plane.id };
    const serving = { phase: 'serving', holdsPlace: true, removeAfter: null, ...none } as const;
    await manager.update(Placement, kept, serving);
    await this.cells.addPlace(manager, plane.id);
    const changes = { ...this.addresses.at(plane, tenant), updatedAt: now };
    await updateRows(manager, Tenant, { id: tenantId }, changes);
    for (const published of [kept, lost]) await this.desiredStates.publish(manager, published);
    return done({ tenant_plane_id: plane.id });
  }

  async undo(): Promise<void> {
    // It is the only step, so it is never undone. The way back is another move.
  }
}

function notLost(): StepFailure {
  const detail =
    'The home of the tenant has its rows again, or the old copy is gone. Nothing was changed: ask for the move again.';
  return new StepFailure('fatal', 'copy_not_lost', detail);
}
