import { type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Tenant } from '../../registry/tenant.entity';
import { DeletionCertificates } from '../../tenants/deletion-certificates';
import { restorableFrom } from '../../tenants/restore-window';
import { LOST } from './back-up.step';
import { isBeyondReturn } from './remove-copies.step';

/**
 * Starts the period in which the tenant can be restored. A tenant that was
 * never used is deleted immediately. If an operator has accepted the loss of
 * the rows, the period ends immediately, so that the tenant can be purged.
 */
@Injectable()
export class CloseTenantStep extends ProvisioningStep {
  readonly name = 'close-tenant';
  readonly description = 'Start the restore window, after which the backup is erased';
  readonly creates = [];

  constructor(
    private readonly certificates: DeletionCertificates,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId, outputs }: ProvisioningContext): Promise<StepResult> {
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
