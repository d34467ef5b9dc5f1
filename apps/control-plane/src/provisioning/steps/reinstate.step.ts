import { updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { type TenantStatus } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { DesiredStates } from '../../tenant-planes/desired-state.service';
import { Placement } from '../../tenant-planes/placement.entity';
import { placeOf } from '../../tenant-planes/placements';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { DatabaseUrls } from '../../tenants/database-urls';
import { TenantAddresses } from '../../tenants/tenant-addresses';
import { Tenant } from '../../tenants/tenant.entity';
import { Backups } from '../../transfers/backups.service';
import { type Transfer } from '../../transfers/transfer.entity';
import { holdTransfer } from '../../transfers/transfers.service';
import { Step, StepFailure, type StepContext, type StepResult, done } from '../step';
import { unlessRestored } from './whole-copy';

/** The tenant is what it was. Its backup is kept until its plane says that it serves. */
@Injectable()
export class ReinstateStep extends Step {
  readonly name = 'reinstate';
  readonly description = 'Make the tenant plane the home of the tenant, with the status that it had';
  readonly creates = [];

  constructor(
    private readonly backups: Backups,
    private readonly desiredStates: DesiredStates,
    private readonly addresses: TenantAddresses,
    private readonly urls: DatabaseUrls,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: StepContext): Promise<StepResult> {
    const { manager, tenantId, params, startedAt } = context;
    const coming = await placeOf(manager, tenantId, 'importing');
    if (!coming) throw new StepFailure('fatal', 'not_placed', 'The tenant has no place to come back to.');
    const backup = await this.backupOf(context);
    const missing = backup && (await unlessRestored(manager, backup, startedAt));
    if (missing) return missing;
    const { tenantPlaneId } = coming;
    const place = { phase: 'serving', removeAfter: null, purgeJobId: null } as const;
    await manager.update(Placement, { tenantId, tenantPlaneId }, place);
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    const status = params['status'] as TenantStatus;
    const changes = { ...this.addresses.at(plane, tenant), status };
    await updateRows(manager, Tenant, { id: tenantId }, { ...changes, updatedAt: this.clock.now() });
    if (backup) await this.backups.putBack(manager, backup);
    await this.desiredStates.publish(manager, coming);
    return done();
  }

  /** Null where nothing was imported: the customer has kept the rows. */
  private async backupOf({ manager, tenantId, outputs }: StepContext): Promise<Transfer | null> {
    const backup = await holdTransfer(manager, { tenantId, purpose: 'restore' });
    if (!backup && outputs['open-restore'])
      throw new StepFailure('fatal', 'no_backup', 'The restore has ended.');
    return backup;
  }

  /** To what {@link OpenRestoreStep} takes back, and publishes. */
  async undo({ manager, tenantId }: StepContext): Promise<void> {
    const home = await placeOf(manager, tenantId);
    if (!home) return;
    const { tenantPlaneId } = home;
    await manager.update(Placement, { tenantId, tenantPlaneId }, { phase: 'importing' });
    await manager.update(Tenant, { id: tenantId }, { status: 'deprovisioning', updatedAt: this.clock.now() });
    await this.urls.forget(manager, tenantId);
  }
}
