import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type StepResult, done, wait } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type Arrival, arrivalOf } from '../../enrolment/arrival';
import { Infrastructures } from '../../infrastructure/infrastructures';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Tenant } from '../../registry/tenant.entity';

const MADE_BY_A_PERSON =
  'a person to create the infrastructure: start a tenant plane with a bundle from POST ' +
  '/api/tenants/<id>/provisioning-tokens, then record it with PUT /api/tenants/<id>/infrastructure';

/**
 * With the `manual` driver, how long a person has to issue the install bundle and create the infrastructure.
 */
export const HAND_WORK_MS = 30 * 24 * 3_600_000;

/** Makes the infrastructure driver create the tenant's own database and tenant plane. */
@Injectable()
export class CreateInfrastructureStep extends ProvisioningStep {
  readonly name = 'create-infrastructure';
  readonly description = "Create the tenant's own database, role and tenant plane";
  readonly creates = ['database', 'database role', 'tenant plane process'];
  override readonly isAtomic = false;
  override readonly takesLong = ['run', 'undo'] as const;

  constructor(private readonly infrastructures: Infrastructures) {
    super();
  }

  override plan(tenant: Tenant, model: DeploymentModel): Promise<readonly string[]> {
    return this.infrastructures.plan(tenant, model);
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { phase } = await this.arrival(context);
    const made = await this.infrastructures.create(context, phase);
    if (made) return done({ driver: made.driver, endpoint_url: made.endpointUrl });
    return wait(MADE_BY_A_PERSON, new Date(context.startedAt.getTime() + HAND_WORK_MS));
  }

  async undo(context: ProvisioningContext): Promise<void> {
    await this.infrastructures.destroy(context.tenantId, await this.arrival(context), context.write);
  }

  private async arrival(context: ProvisioningContext): Promise<Arrival> {
    return arrivalOf(context, await context.manager.findOneByOrFail(Tenant, { id: context.tenantId }));
  }
}
