import { uuidv7 } from '@atlas/tenancy';
import { type JobParams, newStepState } from './job';
import { type ProvisioningJob } from '../provisioning-jobs/job.entity';
import { type OperationName } from '../provisioning-jobs/operation-rules';
import { type Step } from './step';

export interface JobRequest {
  readonly operation: OperationName;
  readonly tenantId: string | null;
  readonly tenantPlaneId?: string | null;
  readonly parentId?: string | null;
  readonly params?: JobParams;
  /** In order. */
  readonly steps: readonly Pick<Step, 'name'>[];
}

export function newJob(
  { operation, tenantId, tenantPlaneId = null, parentId = null, params = {}, steps }: JobRequest,
  now: Date,
): ProvisioningJob {
  return {
    ...{ id: uuidv7(now), operation, tenantId, tenantPlaneId, parentId, isDismissed: false, params },
    ...{ status: 'queued', direction: 'run', error: null },
    steps: steps.map((step) => newStepState(step.name)),
    ...{ leaseOwner: null, leaseNumber: 0, leaseExpiresAt: null, wakes: 0 },
    // When a job becomes due is for `Jobs.insert` to say, by the time that all processes share.
    ...{ dueAt: now, createdAt: now, startedAt: null, finishedAt: null },
  };
}
