import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { TenantStatusPublisher } from '../../desired-state/tenant-status-publisher';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';

@Injectable()
export class ResumeStep extends ProvisioningStep {
  readonly name = 'resume';
  readonly description = 'Make the tenant active again, and publish its new status';
  readonly creates = [];

  constructor(private readonly publisher: TenantStatusPublisher) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    await this.publisher.set(manager, tenantId, 'active');
    return done();
  }

  async undo({ manager, tenantId }: ProvisioningContext): Promise<void> {
    await this.publisher.set(manager, tenantId, 'suspended');
  }
}
