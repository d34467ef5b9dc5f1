import { updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { DesiredStates } from '../../desired-state/desired-states';
import { Cells } from '../../registry/cells';
import { Placement } from '../../registry/placement.entity';
import { type TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { TenantAddresses } from '../../tenants/tenant-addresses';

/** What the Control Plane knows about the rows on a plane. */
type Copy = Pick<Placement, 'restoredFrom' | 'importedBy' | 'reopenedBy'>;

interface NewHome {
  readonly plane: TenantPlane;
  readonly copy: Copy;
  readonly former: Pick<Placement, 'tenantPlaneId'>;
  /** The instance of the former home's plane that keeps a complete copy; null if none does. */
  readonly keptBy: string | null;
}

/** Makes another plane the home of a tenant. The copy at the former home is kept for a while. */
@Injectable()
export class HomeChange {
  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly cells: Cells,
    private readonly addresses: TenantAddresses,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * The caller must have locked the tenant and both planes, and counted the tenant towards
   * the new home's capacity. Publishes the entries of both planes, so call it last.
   */
  async make(
    manager: EntityManager,
    tenant: Tenant,
    { plane, copy, former: { tenantPlaneId: formerId }, keptBy: importedBy }: NewHome,
  ): Promise<void> {
    const [now, { id: tenantId }] = [this.clock.now(), tenant];
    const removeAfter = new Date(now.getTime() + this.config.MOVE_KEEP_DAYS * 24 * 3_600_000);
    const [left, home] = [
      { tenantId, tenantPlaneId: formerId },
      { tenantId, tenantPlaneId: plane.id },
    ];
    const kept = { removeAfter, importedBy, restoredFrom: null, purgeJobId: null };
    await manager.update(Placement, left, { phase: 'retired', holdsPlace: false, ...kept });
    await this.cells.freePlace(manager, formerId);
    const serving = { phase: 'serving', holdsPlace: true, removeAfter: null, purgeJobId: null } as const;
    await manager.update(Placement, home, { ...serving, reportedCode: null, ...copy });
    const changes = { ...this.addresses.at(plane, tenant), updatedAt: now };
    await updateRows(manager, Tenant, { id: tenantId }, changes);
    for (const place of [home, left]) await this.desiredStates.publish(manager, place);
  }
}
