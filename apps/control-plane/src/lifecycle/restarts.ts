import { type JobDirection } from '@atlas/jobs';
import { OPERATION_RULES } from '../provisioning-jobs/operation-rules';
import { type ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { type Tenant } from '../registry/tenant.entity';

/** The facts that decide whether a job may be restarted, read while its tenant and its plane are locked. */
export interface RestartSituation {
  readonly tenant: Pick<Tenant, 'slug' | 'status'> | null;
  /**
   * The tenant that the same person has since signed up for,
   * if this tenant came from a sign-up and admits no users.
   */
  readonly signedUpSince: Pick<Tenant, 'slug'> | null;
  readonly plane: Pick<TenantPlane, 'name' | 'status' | 'acceptsTenants'> | null;
  /** Later jobs with the same subject. */
  readonly since: readonly Pick<ProvisioningJob, 'id' | 'operation'>[];
  /** Whether the tenant still has the place that the job created in addition to the tenant's home. */
  readonly holdsItsPlace: boolean;
}

/**
 * Why a failed or cancelled job can no longer be restarted,
 * and what to do instead. Null if it can still be restarted.
 */
export function restartProblem(
  { operation, steps }: Pick<ProvisioningJob, 'operation' | 'steps'>,
  direction: JobDirection,
  { tenant, signedUpSince, plane, since, holdsItsPlace }: RestartSituation,
): string | null {
  const rules = OPERATION_RULES[operation];
  const { restartsIn = [], restartsBehind = [], makesPlace = false, letsIn, closesCell } = rules;
  const { instead = 'If it is still needed, start the operation again.' } = rules;
  const harmless = makesPlace && !holdsItsPlace ? [] : restartsBehind;
  const other = since.find((job) => !harmless.includes(job.operation));
  if (tenant?.status === 'deleted')
    return `Tenant "${tenant.slug}" is deleted, so its jobs can no longer be retried or rolled back.`;
  if (other) return `Another operation has started since: ${other.operation} (job ${other.id}). ${instead}`;
  if (tenant && !restartsIn.includes(tenant.status))
    return (
      `Tenant "${tenant.slug}" is ${tenant.status}. This job (${operation}) can be retried or rolled back ` +
      `only while the tenant is ${restartsIn.join(' or ')}. ${instead}`
    );
  if (plane?.status === 'retired')
    return `Tenant plane "${plane.name}" is retired, so its jobs can no longer be retried or rolled back.`;
  if (signedUpSince && direction === letsIn)
    return (
      `${hasAnother(signedUpSince)}. Either ` +
      `${direction === 'run' ? 'roll this job back' : 'retry this job, which removes this tenant'}, ` +
      `or deprovision "${signedUpSince.slug}" first.`
    );
  if (direction === 'undo') return null;
  if (plane?.acceptsTenants && steps.some(({ name, status }) => name === closesCell && status === 'done'))
    return (
      `Cell "${plane.name}" has been reopened since and accepts tenants. To drain it anyway, start a ` +
      'new drain: POST /api/tenant-planes/<id>/drain.'
    );
  return null;
}

/** Why a tenant cannot be brought back. The caller appends what to do instead. */
export function hasAnother({ slug }: Pick<Tenant, 'slug'>): string {
  return (
    `The person who signed up for this tenant has signed up again since, for tenant "${slug}". Each email ` +
    'address may have only one tenant'
  );
}
