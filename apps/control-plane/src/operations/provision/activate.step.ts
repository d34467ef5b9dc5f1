import { type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Mails } from '../../mail/mails';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { changeTenantStatus } from '../../registry/tenant-status';
import { WELCOME } from '../../tenants/welcome.mail';

/** Makes the tenant active in the transaction that ends the job, and emails its first admin. */
@Injectable()
export class ActivateStep extends ProvisioningStep {
  readonly name = 'activate';
  readonly description = 'Make the tenant active';
  readonly creates = [];

  constructor(
    private readonly mails: Mails,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    const at = this.clock.now();
    await changeTenantStatus(manager, tenantId, 'active', { activeAt: at, updatedAt: at });
    await this.mails.add({ manager }, WELCOME, { tenant_id: tenantId });
    return done();
  }

  /** Nothing to undo. The step's transaction ends the job, so an undone job never activated the tenant. */
  async undo(): Promise<void> {}
}
