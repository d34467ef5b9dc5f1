import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { DeletionCertificates } from '../../tenants/deletion-certificates';
import { Tenant } from '../../registry/tenant.entity';
import { Step, type StepContext, type StepResult, done } from '../../jobs/step';
import { LOST } from './back-up.step';
import { isBeyondReturn } from './remove-copies.step';

const DAY_MS = 24 * 3_600_000;

/**
 * From now on the tenant can be brought back for a while. One that was never used is deleted at once, and one without a backup
 * is purged next.
 */
@Injectable()
export class CloseTenantStep extends Step {
  readonly name = 'close-tenant';
  readonly description = 'Open the time in which the tenant can be restored, before its backup is erased';
  readonly creates = [];

  constructor(
    private readonly certificates: DeletionCertificates,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId, outputs }: StepContext): Promise<StepResult> {
    const { activeAt } = await manager.findOneByOrFail(Tenant, { id: tenantId });
    if (activeAt === null) {
      await this.certificates.close(manager, tenantId);
      return done();
    }
    const now = this.clock.now();
    const isLost = outputs['back-up']?.['backup'] === LOST;
    const restorableUntil = isLost ? now : restorableFrom(now, this.config);
    await manager.update(Tenant, { id: tenantId }, { restorableUntil });
    return done({ restorable_until: restorableUntil.toISOString() });
  }

  async undo(): Promise<void> {
    throw isBeyondReturn();
  }
}

/** Until when a tenant can be restored whose time to be restored begins now. */
export function restorableFrom(now: Date, { RESTORE_WINDOW_DAYS: days }: ControlPlaneConfig): Date {
  return new Date(now.getTime() + days * DAY_MS);
}
