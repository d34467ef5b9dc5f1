import { type StepResult, back, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { DesiredStates } from '../desired-state/desired-states';
import { type ProvisioningContext } from '../provisioning-jobs/provisioning-step';
import { lockHome } from '../registry/lock-home';
import { Placement } from '../registry/placement.entity';
import { hasLostCopy } from '../registry/placements';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { changeTenantStatus } from '../registry/tenant-status';
import { type Transfer } from '../registry/transfer.entity';
import { restorableFrom } from '../tenants/restore-window';
import { lockTenant } from '../tenants/tenants';
import { Backups } from './backups';
import { copyTrouble } from './copy-trouble';
import { isWhole } from './transfers';

const PATIENCE_MS = 24 * 3_600_000;
const IMPORT = 'the tenant plane to import the backup';

/**
 * The copy that a restore imports into a tenant plane. It is in place
 * as long as the plane keeps the database that imported it.
 */
@Injectable()
export class RestoredCopy {
  constructor(
    private readonly backups: Backups,
    private readonly desiredStates: DesiredStates,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * What the restore is still waiting for before the plane can become the tenant's
   * home; null if nothing. The caller must have locked the plane. An import under
   * another key does not count, because the plane may have another database now.
   */
  async unlessThere(
    context: ProvisioningContext,
    plane: TenantPlane,
    backup: Transfer | null,
  ): Promise<StepResult | null> {
    const { manager, tenantId, startedAt } = context;
    const until = new Date(startedAt.getTime() + PATIENCE_MS);
    if (plane.status !== 'enrolled') return wait('the tenant plane to enrol again', until);
    if (!backup) return null;
    // Check the key first. If the plane has another key, its
    // report only says that it cannot decrypt the backup's key.
    if (await this.backups.isGivenTo(backup, plane))
      return isWhole(backup) ? null : wait(IMPORT, until, await copyTrouble(manager, backup));
    // `write` checks the job's lease. Without that check, a worker
    // that has lost its lease could restart what the undo has stopped.
    await context.write(async (transaction) => {
      await this.backups.bringBack(transaction, backup, plane.id);
      await this.desiredStates.publish(transaction, { tenantId, tenantPlaneId: plane.id });
    });
    return wait(IMPORT, until);
  }

  /**
   * If the plane has lost the restored copy, makes it import the backup again;
   * otherwise returns null. No writes are lost, because an empty database has no
   * users who could have written to it, and an older database serves no users.
   */
  async reopenIfLost({
    manager,
    operation,
    tenantId,
    jobId,
  }: ProvisioningContext): Promise<StepResult | null> {
    if (operation !== 'restore') return null;
    const tenant = await lockTenant(manager, tenantId);
    const home = await lockHome(manager, tenantId);
    const backup = await this.backups.kept(manager, tenantId);
    if (!home || !backup || !(await hasLostCopy(manager, home))) return null;
    const { tenantPlaneId } = home;
    const coming = { phase: 'importing', restoredFrom: null, importedBy: null } as const;
    await manager.update(Placement, { tenantId, tenantPlaneId }, coming);
    const now = this.clock.now();
    const restorableUntil = restorableFrom(now, this.config);
    const status = 'deprovisioning';
    const awaited = { endpointUrl: null, dbUrlSealed: null, restorableUntil, updatedAt: now };
    await changeTenantStatus(manager, tenantId, status, awaited);
    await this.backups.bringBack(manager, backup, tenantPlaneId);
    await this.audit.record(manager, {
      action: 'tenant.restore_reopened',
      targetKind: 'tenant',
      targetId: tenantId,
      before: { status: tenant.status },
      after: { status, job_id: jobId, tenant_plane_id: tenantPlaneId },
    });
    await this.desiredStates.publish(manager, home);
    return back('await-restore');
  }
}
