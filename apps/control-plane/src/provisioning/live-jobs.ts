import { violates } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type ProvisioningJob } from './job.entity';

type Subject = Pick<ProvisioningJob, 'tenantId' | 'tenantPlaneId'>;

/** Of a tenant, and of a tenant plane as a whole, at most one job is live; and one of a kind about the fleet. */
const RULES = [
  { name: 'provisioning_jobs_live_uq', table: 'provisioning_jobs', columns: ['tenant_id'] },
  { name: 'provisioning_jobs_live_plane_uq', table: 'provisioning_jobs', columns: ['tenant_plane_id'] },
  { name: 'provisioning_jobs_live_fleet_uq', table: 'provisioning_jobs', columns: ['operation'] },
];

/** To be thrown where writing a job failed with `error`. */
export function liveJobFailure(error: unknown, job: Subject): unknown {
  return RULES.some((rule) => violates(error, rule)) ? operationInProgress(job) : error;
}

export function operationInProgress(subject: Subject): DomainError {
  const [what, where] = described(subject);
  const detail = `Another operation on this ${what} is in work. Wait for its job to end, or cancel it (GET /api/provisioning-jobs?${where}).`;
  return new DomainError('operation_in_progress', 'conflict', detail);
}

function described({ tenantId, tenantPlaneId }: Subject): [what: string, where: string] {
  if (tenantId !== null) return ['tenant', `tenant_id=${tenantId}`];
  if (tenantPlaneId !== null) return ['tenant plane', `tenant_plane_id=${tenantPlaneId}`];
  return ['fleet', 'status=waiting'];
}
