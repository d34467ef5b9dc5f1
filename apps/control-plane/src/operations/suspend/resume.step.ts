import { Injectable } from '@nestjs/common';
import { TenantStatusPublisher } from '../../desired-state/tenant-status-publisher';
import { Step, type StepContext, type StepResult, done } from '../../jobs/step';

@Injectable()
export class ResumeStep extends Step {
  readonly name = 'resume';
  readonly description = 'Set the tenant active again and publish it';
  readonly creates = [];

  constructor(private readonly publisher: TenantStatusPublisher) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    await this.publisher.set(manager, tenantId, 'active');
    return done();
  }

  async undo({ manager, tenantId }: StepContext): Promise<void> {
    await this.publisher.set(manager, tenantId, 'suspended');
  }
}
