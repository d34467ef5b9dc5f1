import { StepFailure, type StepResult, back, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Cells } from '../../registry/cells';
import { Placement } from '../../registry/placement.entity';
import { givePlaceBack, mayHoldRows, placeOf } from '../../registry/placements';
import { TenantPlane, isCell } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { movedCopyLost } from './back-up.step';
import { ReadableBackup } from './readable-backup';

/**
 * Removes the tenant's rows from every plane that outlives the
 * tenant: its home, and planes with old or unfinished copies.
 */
@Injectable()
export class RemoveCopiesStep extends ProvisioningStep {
  readonly name = 'remove-copies';
  readonly description =
    "Remove the tenant's rows from every remaining tenant plane, if the backup can be read";
  readonly creates = [];
  override readonly isAtomic = false;
  override readonly takesLong = ['run'] as const;

  constructor(
    private readonly backup: ReadableBackup,
    private readonly cells: Cells,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId, operation, jobId, outputs, write } = context;
    // A purge has already erased the backup in its first step.
    if (operation !== 'purge') await this.backup.require(context);
    const places = await manager.findBy(Placement, { tenantId });
    return write(async (transaction) => {
      const home = operation === 'purge' ? null : await this.backup.homeWithout(transaction, context);
      if (home && 'back-up' in outputs) return back('back-up');
      if (home) throw await movedCopyLost(transaction, home);
      const { activeAt } = await transaction.findOneByOrFail(Tenant, { id: tenantId });
      let purged = 0;
      for (const place of places.filter(mayHoldRows)) {
        const plane = await transaction.findOneByOrFail(TenantPlane, { id: place.tenantPlaneId });
        if (!staysBehind(plane, place)) continue;
        if (activeAt !== null) purged += 1;
        await this.leave(transaction, place, { plane, purgeJobId: activeAt === null ? null : jobId });
      }
      return done({ copies: purged });
    });
  }

  /** If the tenant still has a home, only old copies have been removed, so the tenant can be served again. */
  async undo({ manager, tenantId, jobId: purgeJobId }: ProvisioningContext): Promise<void> {
    if (await placeOf(manager, tenantId)) return;
    if (await manager.existsBy(Placement, { purgeJobId })) throw isBeyondReturn();
  }

  private async leave(
    manager: EntityManager,
    place: Placement,
    { plane, purgeJobId }: { readonly plane: TenantPlane; readonly purgeJobId: string | null },
  ): Promise<void> {
    const { tenantId, tenantPlaneId, holdsPlace, entryRevision } = place;
    if (holdsPlace && isCell(plane)) await this.cells.freePlace(manager, tenantPlaneId);
    await givePlaceBack(manager, place);
    if (entryRevision === 0) return;
    const left = { phase: 'retired', holdsPlace: false, removeAfter: null, purgeJobId } as const;
    await manager.update(Placement, { tenantId, tenantPlaneId }, left);
    await this.desiredStates.publish(manager, place);
  }
}

/**
 * Whether the plane's database outlives the tenant, because other tenants share it or a person created
 * it. A single-tenant plane to which the tenant was never published has no rows and is retired instead.
 */
function staysBehind(plane: TenantPlane, { entryRevision }: Placement): boolean {
  return isCell(plane) || (plane.infrastructureDriver === 'manual' && entryRevision > 0);
}

export function isBeyondReturn(): StepFailure {
  const detail = 'The tenant is being removed, and this cannot be undone.';
  const fix =
    'Operator: retry the job. After a deprovisioning, the tenant can be restored (POST ' +
    '/api/tenants/<id>/restore). A purge is final.';
  return new StepFailure('operator', 'beyond_return', detail, fix);
}
