import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { TenantStatusPublisher } from '../../desired-state/tenant-status-publisher';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';

@Injectable()
export class SuspendStep extends ProvisioningStep {
  readonly name = 'suspend';
  readonly description =
    'Suspend the tenant and publish its new status; its users are refused, and its data stays untouched';
  readonly creates = [];

  constructor(private readonly publisher: TenantStatusPublisher) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    await this.publisher.set(manager, tenantId, 'suspended');
    return done();
  }

  async undo({ manager, tenantId }: ProvisioningContext): Promise<void> {
    await this.publisher.set(manager, tenantId, 'active');
  }
}
