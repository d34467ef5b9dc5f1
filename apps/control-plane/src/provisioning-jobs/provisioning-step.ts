import { type OperationName } from '@atlas/operator-api';
import { Step, type StepContext } from '@atlas/jobs';
import { type Tenant } from '../registry/tenant.entity';

export interface ProvisioningContext extends StepContext {
  readonly operation: OperationName;
  /** @throws Error when the job is not about a tenant. */
  readonly tenantId: string;
  /** @throws Error when the job is not about a tenant plane as a whole. */
  readonly tenantPlaneId: string;
}

export abstract class ProvisioningStep extends Step<ProvisioningContext> {
  /** `creates`, in more detail for one tenant. Changes nothing. */
  async plan(_tenant: Tenant): Promise<readonly string[]> {
    return this.creates;
  }
}
