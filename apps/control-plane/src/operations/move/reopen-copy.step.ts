import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Cells } from '../../registry/cells';
import { hasLostCopy, placeOf } from '../../registry/placements';
import { lockPlanes } from '../../registry/plane-lock';
import { Transfer } from '../../registry/transfer.entity';
import { SignupLinks } from '../../tenants/signup-links';
import { lockTenant } from '../../tenants/tenants';
import { keptCopyOf } from '../../transfers/kept-copy';
import { HomeChange } from './home-change';

/**
 * Shown in the job and recorded in the audit trail. The tenant
 * plane's `ReopenedAccess` revokes the access listed here.
 */
const WARNING =
  'The tenant plane revokes all sessions, links and invitations. Passwords, deactivations, roles and ' +
  'single sign-on settings are as they were at rows_as_of, so later changes are lost. A password is ' +
  'invalidated if its owner can sign in by email or single sign-on. Any other password still works, even ' +
  'if its owner has changed it since (see passwords_kept of the entry tenant.copy_reopened in the ' +
  "tenant's audit trail). Have the tenant's admins check their users and settings now.";

/**
 * Makes the tenant's previous plane its home again, with the copy
 * kept there. The plane that lost the rows is left as it is.
 */
@Injectable()
export class ReopenCopyStep extends ProvisioningStep {
  readonly name = 'reopen-copy';
  readonly description =
    'Make the old tenant plane the home again, with the rows as they were at the move, because the new ' +
    'plane has lost them. All users are signed out';
  readonly creates = [];

  constructor(
    private readonly homes: HomeChange,
    private readonly cells: Cells,
    private readonly links: SignupLinks,
    private readonly audit: Audit,
  ) {
    super();
  }

  async run({ manager, tenantId, jobId }: ProvisioningContext): Promise<StepResult> {
    const tenant = await lockTenant(manager, tenantId);
    const place = await placeOf(manager, tenantId);
    const found = place && (await keptCopyOf(manager, place));
    if (!place || !found) throw notLost();
    // The locks keep both planes from enrolling or reporting during this transaction.
    await lockPlanes(manager, [found.id, place.tenantPlaneId]);
    const [home, plane] = [await placeOf(manager, tenantId), await keptCopyOf(manager, place)];
    if (!home || !plane || !(await hasLostCopy(manager, home))) throw notLost();
    const move = await manager.findOneByOrFail(Transfer, { id: home.restoredFrom ?? '' });
    await this.cells.addPlace(manager, plane.id);
    // Revoke the sign-up links, because the plane that lost the rows may already have accepted some of them.
    await this.links.end(manager, { where: 'tenant_id = :tenantId', parameters: { tenantId } });
    const result = {
      tenant_plane_id: plane.id,
      rows_as_of: move.endedAt?.toISOString() ?? null,
      warning: WARNING,
    };
    await this.audit.record(manager, {
      action: 'tenant.copy_reopened',
      targetKind: 'tenant',
      targetId: tenantId,
      before: { tenant_plane_id: home.tenantPlaneId },
      after: { ...result, job_id: jobId },
    });
    const copy = { restoredFrom: null, importedBy: plane.instanceId, reopenedBy: jobId };
    await this.homes.make(manager, tenant, { plane, copy, former: home, keptBy: null });
    return done(result);
  }

  async undo(): Promise<void> {
    // Users may have made changes by now. To move the tenant back, start another move.
  }
}

function notLost(): StepFailure {
  const detail =
    "The tenant's home has the rows again, or the old copy no longer exists. Nothing was changed. Start " +
    'the move again.';
  return new StepFailure('fatal', 'copy_not_lost', detail);
}
