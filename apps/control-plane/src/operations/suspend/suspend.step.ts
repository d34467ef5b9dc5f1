import { type StepResult, done } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { NO_SUSPENSION, TenantStatusPublisher } from '../../desired-state/tenant-status-publisher';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';

@Injectable()
export class SuspendStep extends ProvisioningStep {
  readonly name = 'suspend';
  readonly description =
    'Suspend the tenant and publish its new status; its users are refused, and its data stays untouched';
  readonly creates = [];

  constructor(
    private readonly publisher: TenantStatusPublisher,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run({ manager, tenantId, params }: ProvisioningContext): Promise<StepResult> {
    const suspension = {
      suspendedAt: this.clock.now(),
      suspensionReason: (params['reason'] ?? null) as string | null,
    };
    await this.publisher.set(manager, tenantId, 'suspended', suspension);
    return done();
  }

  async undo({ manager, tenantId }: ProvisioningContext): Promise<void> {
    await this.publisher.set(manager, tenantId, 'active', NO_SUSPENSION);
  }
}
