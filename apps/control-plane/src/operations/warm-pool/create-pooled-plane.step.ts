import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { PooledPlanes } from './pooled-planes';

/** Creates the database and the process of a plane that no tenant has yet. */
@Injectable()
export class CreatePooledPlaneStep extends ProvisioningStep {
  readonly name = 'create-pooled-plane';
  readonly description = 'Create the database, the role and the tenant plane for a future tenant';
  readonly creates = ['database', 'database role', 'tenant plane process'];
  override readonly isAtomic = false;
  override readonly takesLong = ['run', 'undo'] as const;

  constructor(
    private readonly infrastructures: Infrastructures,
    private readonly planes: PooledPlanes,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const made = await this.infrastructures.createPooled(context, String(context.params['version']));
    return done({ driver: made.driver, endpoint_url: made.endpointUrl });
  }

  undo(context: ProvisioningContext): Promise<void> {
    return this.planes.remove(context);
  }
}
