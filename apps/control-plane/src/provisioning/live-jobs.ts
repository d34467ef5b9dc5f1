import { violates } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type ProvisioningJob } from './job.entity';

type Subject = Pick<ProvisioningJob, 'tenantId' | 'tenantPlaneId'>;

/** Of a tenant, and of a tenant plane as a whole, at most one job is live. */
const RULES = [
  { name: 'provisioning_jobs_live_uq', table: 'provisioning_jobs', columns: ['tenant_id'] },
  { name: 'provisioning_jobs_live_plane_uq', table: 'provisioning_jobs', columns: ['tenant_plane_id'] },
];

/** To be thrown where writing a job failed with `error`. */
export function liveJobFailure(error: unknown, job: Subject): unknown {
  return RULES.some((rule) => violates(error, rule)) ? operationInProgress(job) : error;
}

export function operationInProgress({ tenantId, tenantPlaneId }: Subject): DomainError {
  const [what, where] =
    tenantId === null
      ? ['tenant plane', `tenant_plane_id=${tenantPlaneId}`]
      : ['tenant', `tenant_id=${tenantId}`];
  const detail = `Another operation on this ${what} is in work. Wait for its job to end, or cancel it (GET /api/provisioning-jobs?${where}).`;
  return new DomainError('operation_in_progress', 'conflict', detail);
}
