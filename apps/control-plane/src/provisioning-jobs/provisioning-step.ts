import { type DeploymentModel } from '@atlas/deployment-profiles';
import { Step, type StepContext } from '@atlas/jobs';
import { type OperationName } from '@atlas/operator-api';
import { type Tenant } from '../registry/tenant.entity';

export interface ProvisioningContext extends StepContext {
  readonly operation: OperationName;
  /** @throws Error if the job has no tenant. */
  readonly tenantId: string;
  /** @throws Error if the job has no tenant plane. */
  readonly tenantPlaneId: string;
}

export abstract class ProvisioningStep extends Step<ProvisioningContext> {
  /** What the step would create for one tenant, in more detail than `creates`. Changes nothing. */
  async plan(_tenant: Tenant, _model: DeploymentModel): Promise<readonly string[]> {
    return this.creates;
  }
}
