import { type JobError, type StepState, type StoredJobError } from '@atlas/jobs';
import { type JobView, type StepView } from '@atlas/operator-api';
import { type ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';

/** `tenantSlug` is null for a job without a tenant. */
export function jobView(job: ProvisioningJob, tenantSlug: string | null): JobView {
  return {
    id: job.id,
    operation: job.operation,
    status: job.status,
    direction: job.direction,
    tenant_id: job.tenantId,
    tenant_slug: tenantSlug,
    tenant_plane_id: job.tenantPlaneId,
    ...(job.parentId !== null && { parent_id: job.parentId }),
    steps: job.steps.map(stepView),
    error: errorView(job.error, job.status),
    created_at: job.createdAt,
    finished_at: job.finishedAt,
  };
}

/** Puts the fields in a fixed order, because Postgres does not keep the order of JSON keys. */
export function stepView(step: StepState): StepView {
  const { name, status, attempt, started_at, finished_at, outputs } = step;
  const error = errorView(step.error, status);
  const waiting_for = status === 'waiting' ? (step.waiting_for ?? null) : null;
  return { name, status, attempt, started_at, finished_at, error, waiting_for, outputs };
}

function errorView(error: StoredJobError | null, status: string): JobError | null {
  if (error === null) return null;
  const { code, detail, class: failureClass = classBy(status), fix = FIX_UNKNOWN } = error;
  return {
    code,
    detail,
    class: failureClass,
    fix: status === 'failed' ? fix.replace(WHILE_RETRIED, '') : fix,
  };
}

/**
 * Matches the start of a stored fix that applies only while the job is being retried, in the
 * wording of this and earlier versions. Once the job has failed, that text is not shown.
 */
const WHILE_RETRIED = /^The job (retries automatically|tries again by itself)\b.*?If it has failed, /;

const FIX_UNKNOWN =
  'Atlas on-call: fix the cause in the detail, then retry the job. If it still fails, roll it back.';

/** The class of a failure that was stored without one, derived from the status of its job or step. */
function classBy(status: string): JobError['class'] {
  if (status === 'cancelled') return 'fatal';
  return status === 'failed' ? 'operator' : 'retry';
}
