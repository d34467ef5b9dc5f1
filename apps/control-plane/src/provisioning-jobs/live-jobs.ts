import { CELL_MODELS } from '@atlas/deployment-profiles';
import { type JobDirection, LIVE_JOB_STATUSES } from '@atlas/jobs';
import { OPERATION_NAMES } from '@atlas/operator-api';
import { violates } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type EntityManager, type FindOptionsWhere, In, IsNull, Not } from 'typeorm';
import { Placement } from '../registry/placement.entity';
import { lockPlane } from '../registry/plane-lock';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { OPERATION_RULES } from './operation-rules';
import { ProvisioningJob } from './provisioning-job.entity';

/**
 * SQL: whether the tenant in the row aliased `tenant` has a live
 * job. Pass {@link LIVE_JOB_STATUSES} as the parameter `live`.
 */
export const HAS_LIVE_JOB = `exists (select 1 from provisioning_jobs job
  where job.tenant_id = tenant.id and job.status in (:...live))`;

/**
 * SQL: whether the job in the row aliased `job` has failed, or was cancelled or rolled back by
 * a person. Sweeps start no other job while a person may still retry that job. A job that
 * undid itself does not count, because a sweep may start it again once its precondition holds.
 */
export const WAITS_FOR_A_PERSON = `(job.status = 'failed'
  or job.status = 'cancelled' and coalesce(job.error ->> 'class', '') <> 'fatal')`;

/** Like {@link HAS_LIVE_JOB}, but only for jobs that leave the tenant open to its users. */
export const HAS_JOB_THAT_LETS_IN = `exists (select 1 from provisioning_jobs job
  where job.tenant_id = tenant.id and job.status in (:...live)
    and (${lettingIn('run')} or ${lettingIn('undo')}))`;

function lettingIn(direction: JobDirection): string {
  const names = OPERATION_NAMES.filter((name) => OPERATION_RULES[name].letsIn === direction);
  return (
    `job.direction = '${direction}' and job.operation in ` +
    `(${names.map((name) => `'${name}'`).join(', ')})`
  );
}

type Subject = Pick<ProvisioningJob, 'tenantId' | 'tenantPlaneId'>;

/**
 * At most one job is live for each tenant and for each tenant plane. A secret rotation
 * may run alongside the plane's job. At most one fleet job of each kind is live.
 */
const RULES = [
  { name: 'provisioning_jobs_live_uq', table: 'provisioning_jobs', columns: ['tenant_id'] },
  { name: 'provisioning_jobs_live_plane_uq', table: 'provisioning_jobs', columns: ['tenant_plane_id'] },
  { name: 'provisioning_jobs_live_rotation_uq', table: 'provisioning_jobs', columns: ['tenant_plane_id'] },
  { name: 'provisioning_jobs_live_fleet_uq', table: 'provisioning_jobs', columns: ['operation'] },
];

/** Maps a failed write of a job to the error to throw. */
export function liveJobFailure(error: unknown, job: Subject): unknown {
  return RULES.some((rule) => violates(error, rule)) ? operationInProgress(job) : error;
}

/** Selects all jobs with the same subject. */
export function aboutTheSame({ tenantId, tenantPlaneId }: Subject): FindOptionsWhere<ProvisioningJob> {
  return tenantId === null ? { tenantId: IsNull(), tenantPlaneId: tenantPlaneId ?? IsNull() } : { tenantId };
}

/**
 * Throws `operation_in_progress` while another job with the same subject is live. Rotating a compromised
 * secret waits only for another rotation, since it changes neither the plane nor its tenants.
 */
export async function requireNoOther(
  manager: EntityManager,
  job: Subject & Pick<ProvisioningJob, 'id' | 'operation' | 'params'>,
): Promise<void> {
  const { id, operation } = job;
  const isUrgent = operation === 'rotate_secret' && job.params['mode'] === 'compromised';
  const live = { ...aboutTheSame(job), id: Not(id), status: In([...LIVE_JOB_STATUSES]) };
  if (await manager.existsBy(ProvisioningJob, { ...live, ...(isUrgent && { operation }) }))
    throw operationInProgress(job);
}

/** Throws `operation_in_progress` while any job for the plane itself is live. */
export async function requirePlaneIdle(manager: EntityManager, tenantPlaneId: string): Promise<void> {
  if (await manager.existsBy(ProvisioningJob, { tenantPlaneId, status: In([...LIVE_JOB_STATUSES]) }))
    throw operationInProgress({ tenantId: null, tenantPlaneId });
}

/**
 * Throws `operation_in_progress` while an operation that this one excludes is live. If two such operations
 * start at the same time, at least one of them sees the other, because both take the plane's lock here.
 */
export async function requireNothingExcluded(
  manager: EntityManager,
  { operation, tenantId, tenantPlaneId }: Subject & Pick<ProvisioningJob, 'operation'>,
): Promise<void> {
  const { excludes } = OPERATION_RULES[operation];
  if (!excludes) return;
  const live = { operation: In([...excludes]), status: In([...LIVE_JOB_STATUSES]) };
  const where = tenantId === null ? { tenantPlaneId: tenantPlaneId ?? '' } : { tenantId, holdsPlace: true };
  for (const place of await manager.find(Placement, { where, order: { tenantPlaneId: 'ASC' } })) {
    if (await manager.existsBy(TenantPlane, { id: place.tenantPlaneId, deploymentModel: In(CELL_MODELS) }))
      continue;
    if (tenantId !== null) await lockPlane(manager, place.tenantPlaneId);
    const other = tenantId === null ? { tenantId: place.tenantId } : { tenantPlaneId: place.tenantPlaneId };
    if (await manager.existsBy(ProvisioningJob, { ...live, ...other }))
      throw operationInProgress({ tenantId: null, tenantPlaneId: null, ...other });
  }
}

export function operationInProgress(subject: Subject): DomainError {
  const [what, where] = described(subject);
  const detail =
    `Another operation on this ${what} is still running. Wait for its job to finish, or cancel it (GET ` +
    `/api/provisioning-jobs?${where}).`;
  return new DomainError('operation_in_progress', 'conflict', detail);
}

function described({ tenantId, tenantPlaneId }: Subject): [what: string, where: string] {
  if (tenantId !== null) return ['tenant', `tenant_id=${tenantId}`];
  if (tenantPlaneId !== null) return ['tenant plane', `tenant_plane_id=${tenantPlaneId}`];
  return ['fleet', 'status=waiting'];
}
