import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { PooledPlanes } from './pooled-planes';

@Injectable()
export class RemovePooledPlaneStep extends ProvisioningStep {
  readonly name = 'remove-pooled-plane';
  readonly description = 'Remove the database and the tenant plane, which no tenant has had';
  readonly creates = [];
  override readonly isAtomic = false;
  override readonly takesLong = ['run'] as const;

  constructor(private readonly planes: PooledPlanes) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    await this.planes.remove(context);
    return done();
  }

  async undo(): Promise<void> {
    // A removal cannot be undone.
  }
}
