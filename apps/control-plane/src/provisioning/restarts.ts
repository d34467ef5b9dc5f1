import { type TenantPlane } from '../tenant-planes/tenant-plane.entity';
import { type Tenant } from '../tenants/tenant.entity';
import { type JobDirection } from './job';
import { type ProvisioningJob } from './job.entity';
import { OPERATION_RULES } from './operation-rules';

/** What counts when a job is to go on or back, as it is under the locks of whom and what the job is about. */
export interface RestartSituation {
  readonly tenant: Pick<Tenant, 'slug' | 'status'> | null;
  /** Where the tenant failed: the one that its address has signed up for since. */
  readonly signedUpSince: Pick<Tenant, 'slug'> | null;
  readonly plane: Pick<TenantPlane, 'name' | 'status' | 'acceptsTenants'> | null;
  /** The jobs about the same that began after it. */
  readonly since: readonly Pick<ProvisioningJob, 'id' | 'operation'>[];
  /** The place that it made is still the one that its tenant holds beside its home. */
  readonly holdsItsPlace: boolean;
}

/** Why a job that failed or was cancelled must not be restarted any more, and what to do instead. Null when it may be. */
export function restartProblem(
  { operation, steps }: Pick<ProvisioningJob, 'operation' | 'steps'>,
  direction: JobDirection,
  { tenant, signedUpSince, plane, since, holdsItsPlace }: RestartSituation,
): string | null {
  const rules = OPERATION_RULES[operation];
  const { restartsIn = [], restartsBehind = [], makesPlace = false, whileResumed, closesCell } = rules;
  const { instead = 'Begin this one anew, if it is still wanted.' } = rules;
  const harmless = makesPlace && !holdsItsPlace ? [] : restartsBehind;
  const other = since.find((job) => !harmless.includes(job.operation));
  if (tenant?.status === 'deleted')
    return `Tenant "${tenant.slug}" is deleted: nothing is left to go on with.`;
  if (other) return `Another operation came after it: ${other.operation} (job ${other.id}). ${instead}`;
  if (tenant && !restartsIn.includes(tenant.status))
    return `Tenant "${tenant.slug}" is ${tenant.status}, and its ${operation} can be restarted only while it is ${restartsIn.join(' or ')}. ${instead}`;
  if (plane?.status === 'retired')
    return `Tenant plane "${plane.name}" is retired: nothing more can be done to it.`;
  if (direction === 'undo') return null;
  if (whileResumed !== undefined && signedUpSince)
    return `Whoever signed up for it has signed up again since, and has tenant "${signedUpSince.slug}": one for each address is enough. Roll this job back.`;
  if (plane?.acceptsTenants && steps.some(({ name, status }) => name === closesCell && status === 'done'))
    return `Cell "${plane.name}" has been reopened since, and takes tenants. If it is still to be drained, begin a new drain: POST /api/tenant-planes/<id>/drain.`;
  return null;
}
