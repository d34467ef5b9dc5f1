import { Injectable } from '@nestjs/common';
import { TenantStatusPublisher } from '../../desired-state/tenant-status-publisher';
import { Step, type StepContext, type StepResult, done } from '../../jobs/step';

@Injectable()
export class SuspendStep extends Step {
  readonly name = 'suspend';
  readonly description =
    'Set the tenant suspended and publish it: its users are refused, its data stay untouched';
  readonly creates = [];

  constructor(private readonly publisher: TenantStatusPublisher) {
    super();
  }

  async run({ manager, tenantId }: StepContext): Promise<StepResult> {
    await this.publisher.set(manager, tenantId, 'suspended');
    return done();
  }

  async undo({ manager, tenantId }: StepContext): Promise<void> {
    await this.publisher.set(manager, tenantId, 'active');
  }
}
