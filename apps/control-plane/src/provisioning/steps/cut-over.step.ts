import { updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../control-plane.config';
import { Cells } from '../../tenant-planes/cells';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { Placement } from '../../tenant-planes/placement.entity';
import { placeOf } from '../../tenant-planes/placements';
import { lockPlanes } from '../../tenant-planes/plane-lock';
import { TenantAddresses } from '../../tenants/tenant-addresses';
import { Tenant } from '../../tenants/tenant.entity';
import { lockTenant } from '../../tenants/tenants.service';
import { Transfers, holdTransfer, isBetween, isToOldKey } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';
import { unlessMoved } from './whole-copy';

/** Makes the new tenant plane the tenant's home, in one transaction with the end of the job. The old copy is kept for a while. */
@Injectable()
export class CutOverStep extends Step {
  readonly name = 'cut-over';
  readonly description = 'Make the new tenant plane the home of the tenant; the old copy is kept for a while';
  readonly creates = [];

  constructor(
    private readonly transfers: Transfers,
    private readonly desiredStates: DesiredStates,
    private readonly cells: Cells,
    private readonly addresses: TenantAddresses,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId, outputs }: StepContext): Promise<StepResult> {
    const tenant = await lockTenant(manager, tenantId);
    const [home, coming] = [await placeOf(manager, tenantId), await placeOf(manager, tenantId, 'importing')];
    if (!home || !coming) throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    // Whoever enrols as the new plane, and what changes its address, comes before or behind all of this.
    const [plane] = await lockPlanes(manager, [coming.tenantPlaneId, home.tenantPlaneId]);
    const transfer = await holdTransfer(manager, { tenantId, purpose: 'move' });
    if (!plane || !transfer?.frozenAt)
      throw new StepFailure('fatal', 'no_transfer', 'The transfer has ended.');
    if (!isBetween(transfer, { sourcePlaneId: home.tenantPlaneId, targetPlaneId: coming.tenantPlaneId }))
      throw new StepFailure(
        'fatal',
        'no_transfer',
        'The rows were copied to another tenant plane than the one that the tenant moves to.',
      );
    // A plane whose secret was revoked enrols again under a new key, so it is no use waiting for it.
    if (plane.status !== 'enrolled' || (await isToOldKey(manager, transfer)))
      throw new StepFailure(
        'fatal',
        'no_transfer',
        'The tenant plane that the tenant moves to has enrolled again since the rows were copied to it, or has to.',
      );
    const now = this.clock.now();
    const missing = await unlessMoved(manager, transfer, { frozenAt: transfer.frozenAt, now });
    if (missing) return missing;
    await this.transfers.end(manager, tenantId);
    const removeAfter = new Date(now.getTime() + this.config.MOVE_KEEP_DAYS * 24 * 3_600_000);
    const old = { tenantId, tenantPlaneId: home.tenantPlaneId };
    // An installation that has enrolled as the source since then does not have the rows.
    const seen = outputs['freeze']?.['source_instance_id'];
    const importedBy = typeof seen === 'string' ? seen : null;
    const kept = { removeAfter, restoredFrom: null, importedBy } as const;
    await manager.update(Placement, old, { phase: 'retired', holdsPlace: false, ...kept });
    await this.cells.freePlace(manager, home.tenantPlaneId);
    const place = { tenantId, tenantPlaneId: coming.tenantPlaneId };
    const copy = { restoredFrom: transfer.id, importedBy: plane.instanceId, reportedCode: null };
    const serving = { phase: 'serving', removeAfter: null, purgeJobId: null, ...copy } as const;
    await manager.update(Placement, place, serving);
    const changes = { ...this.addresses.at(plane, tenant), updatedAt: now };
    await updateRows(manager, Tenant, { id: tenantId }, changes);
    for (const published of [coming, home]) await this.desiredStates.publish(manager, published);
    return done({ freeze_ms: now.getTime() - transfer.frozenAt.getTime(), parts: transfer.parts });
  }

  async undo(): Promise<void> {
    // It is the last step: what it has done is done, and the way back is a move of its own.
  }
}
