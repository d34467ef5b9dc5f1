import { type StepState } from './job';
import { type ProvisioningJob } from './job.entity';

export type JobView = ReturnType<typeof jobView>;

export function jobView(job: ProvisioningJob) {
  return {
    id: job.id,
    operation: job.operation,
    status: job.status,
    tenant_id: job.tenantId,
    tenant_plane_id: job.tenantPlaneId,
    ...(job.parentId !== null && { parent_id: job.parentId }),
    steps: job.steps.map(stepView),
    error: job.error,
    created_at: job.createdAt,
    finished_at: job.finishedAt,
  };
}

/** The parts in this order, whatever the order in which the database gives them back. */
export function stepView(step: StepState): StepState {
  const { name, status, attempt, started_at, finished_at, error, outputs } = step;
  const waiting_for = status === 'waiting' ? (step.waiting_for ?? null) : null;
  return { name, status, attempt, started_at, finished_at, error, waiting_for, outputs };
}
