import { type DeploymentModel } from '@atlas/deployment-profiles';
import { Step, type StepContext } from '@atlas/jobs';
import { type OperationName } from '@atlas/operator-api';
import { type Tenant } from '../registry/tenant.entity';

export interface ProvisioningContext extends StepContext {
  readonly operation: OperationName;
  /** @throws Error if the job is not about a tenant. */
  readonly tenantId: string;
  /** @throws Error if the job is not about a tenant plane as a whole. */
  readonly tenantPlaneId: string;
}

export abstract class ProvisioningStep extends Step<ProvisioningContext> {
  /** Details `creates` for one tenant, without changing anything. */
  async plan(_tenant: Tenant, _model: DeploymentModel): Promise<readonly string[]> {
    return this.creates;
  }
}
