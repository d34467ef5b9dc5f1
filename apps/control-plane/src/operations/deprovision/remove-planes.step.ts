import { StepFailure, type StepResult, back, done } from '@atlas/jobs';
import { NO_INSTANCE } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DatabaseUrls } from '../../desired-state/database-urls';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { hasLostCopy, placeOf } from '../../registry/placements';
import { TenantPlane, isCell } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { ReadableBackup } from './readable-backup';
import { isBeyondReturn } from './remove-copies.step';

/**
 * Removes planes that serve only this tenant. A customer-run plane keeps its data, but is no longer trusted.
 */
@Injectable()
export class RemovePlanesStep extends ProvisioningStep {
  readonly name = 'remove-planes';
  readonly description =
    'Remove the databases and tenant planes that serve only this tenant, if there are any; for a ' +
    'customer-run plane, only revoke its tokens and secrets';
  readonly creates = [];
  override readonly isAtomic = false;
  override readonly takesLong = ['run'] as const;

  constructor(
    private readonly backup: ReadableBackup,
    private readonly infrastructures: Infrastructures,
    private readonly planes: SingleTenantPlanes,
    private readonly urls: DatabaseUrls,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId, operation, jobId, write } = context;
    // A purge has already erased the backup in its first step.
    if (operation !== 'purge') await this.backup.require(context);
    if (await write((transaction) => this.isKept(context, transaction))) return back('remove-copies');
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const own = await this.ownPlanes(manager, tenantId);
    for (const plane of own) {
      await this.infrastructures.destroyPlane(tenant, plane, write, (transaction) =>
        this.begin(context, plane, transaction),
      );
      await write(async (transaction) => {
        await this.planes.retire(transaction, tenantId, plane);
        const left = { phase: 'retired', holdsPlace: false, removeAfter: null, removedBy: jobId } as const;
        await transaction.update(Placement, { tenantId, tenantPlaneId: plane.id }, left);
      });
    }
    await write((transaction) => this.urls.forget(transaction, tenantId));
    return done({ planes: own.length });
  }

  async undo({ manager, tenantId, operation, jobId: removedBy }: ProvisioningContext): Promise<void> {
    const isHomeThere = operation !== 'purge' && (await placeOf(manager, tenantId)) !== null;
    if (!isHomeThere || (await manager.existsBy(Placement, { tenantId, removedBy }))) throw isBeyondReturn();
  }

  /**
   * @throws StepFailure if rows have reappeared. The next attempt then
   * returns to an earlier step, so that those rows are backed up.
   */
  private async begin(
    context: ProvisioningContext,
    plane: TenantPlane,
    manager: EntityManager,
  ): Promise<void> {
    const { tenantId, jobId } = context;
    if (await this.isKept(context, manager)) {
      const detail = 'A tenant plane still has rows that were believed lost, so it is not removed yet.';
      throw new StepFailure('retry', 'copy_not_lost', detail);
    }
    const home = await placeOf(manager, tenantId);
    // From here on a lost copy may be partly removed, so it
    // counts as lost even if the plane reports having it again.
    const staysLost = home !== null && (await hasLostCopy(manager, home));
    const begun = { removedBy: jobId, ...(staysLost && { importedBy: NO_INSTANCE }) };
    await manager.update(Placement, { tenantId, tenantPlaneId: plane.id }, begun);
  }

  private async isKept(context: ProvisioningContext, manager: EntityManager): Promise<boolean> {
    return context.operation !== 'purge' && (await this.backup.homeWithout(manager, context)) !== null;
  }

  /** Lists the home last, so that its rows can be checked again until all other planes are removed. */
  private async ownPlanes(manager: EntityManager, tenantId: string): Promise<TenantPlane[]> {
    const places = await manager.find(Placement, { where: { tenantId }, order: { holdsPlace: 'ASC' } });
    const planes = await Promise.all(
      places.map(({ tenantPlaneId: id }) => manager.findOneByOrFail(TenantPlane, { id })),
    );
    return planes.filter((plane) => !isCell(plane) && plane.status !== 'retired');
  }
}
