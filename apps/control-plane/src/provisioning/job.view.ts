import { type StepState } from './job';
import { type ProvisioningJob } from './job.entity';

export function jobView(job: ProvisioningJob): Record<string, unknown> {
  return {
    id: job.id,
    operation: job.operation,
    status: job.status,
    tenant_id: job.tenantId,
    steps: job.steps.map(stepView),
    error: job.error,
    created_at: job.createdAt,
    finished_at: job.finishedAt,
  };
}

export function stepView({ outputs: _, ...step }: StepState): Omit<StepState, 'outputs'> {
  return step;
}
