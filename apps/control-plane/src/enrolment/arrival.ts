import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type ProvisioningContext } from '../provisioning-jobs/provisioning-step';
import { type Tenant } from '../registry/tenant.entity';

/**
 * The placement that a job creates for its tenant: its home
 * when provisioned, its future home in a move or restore.
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
