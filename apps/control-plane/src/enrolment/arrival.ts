import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type ProvisioningContext } from '../provisioning-jobs/provisioning-step';
import { type Tenant } from '../registry/tenant.entity';

/**
 * The placement that a job creates for its tenant: the home of a new
 * tenant, or the future home of a tenant that is being moved or restored.
 */
export interface Arrival {
  readonly model: DeploymentModel;
  readonly phase: 'serving' | 'importing';
}

export function arrivalOf({ operation, params }: ProvisioningContext, { deploymentModel }: Tenant): Arrival {
  if (operation === 'move')
    return { model: params['deployment_model'] as DeploymentModel, phase: 'importing' };
  return { model: deploymentModel, phase: operation === 'restore' ? 'importing' : 'serving' };
}
