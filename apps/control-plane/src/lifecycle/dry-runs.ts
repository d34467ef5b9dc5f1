import { type DeploymentModel, profileOf } from '@atlas/deployment-profiles';
import { StepRegistry } from '@atlas/jobs';
import { type PlannedStep, type PlanView } from '@atlas/operator-api';
import { Injectable } from '@nestjs/common';
import { ProvisioningStep } from '../provisioning-jobs/provisioning-step';
import { type Tenant } from '../registry/tenant.entity';

/** Describes what an operation would do. */
@Injectable()
export class DryRuns {
  constructor(private readonly registry: StepRegistry) {}

  /** The steps of an operation that does not target a single tenant. */
  stepsOf(names: readonly string[]): PlannedStep[] {
    return names
      .map((name) => this.registry.get(name))
      .map(({ name, description, creates }) => ({ name, description, creates }));
  }

  /** The plan for one tenant. For a move, `model` is the deployment model that the tenant is moving to. */
  async planFor(
    tenant: Tenant,
    names: readonly string[],
    model: DeploymentModel = tenant.deploymentModel,
  ): Promise<PlanView> {
    const steps = names.map(async (name) => {
      const step = this.registry.get(name);
      const creates = step instanceof ProvisioningStep ? await step.plan(tenant, model) : step.creates;
      return { name, description: step.description, creates };
    });
    return { plan: { steps: await Promise.all(steps), install_required: profileOf(model).installRequired } };
  }
}
