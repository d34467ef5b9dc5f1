import { type DeploymentModel, type LifecycleOperation } from '@atlas/deployment-profiles';
import { type JobParams, LIVE_JOB_STATUSES } from '@atlas/jobs';
import { type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { JobStarter } from '../provisioning-jobs/job-starter';
import { isReopening, lifecycleSteps } from '../provisioning-jobs/lifecycle-steps';
import { operationInProgress, requireNothingExcluded } from '../provisioning-jobs/live-jobs';
import { OPERATION_RULES } from '../provisioning-jobs/operation-rules';
import { ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../provisioning-jobs/provisioning-jobs';
import { Placement } from '../registry/placement.entity';
import { hasLostCopy, placeOf } from '../registry/placements';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { requireStatus } from '../registry/tenant-writes';
import { type Tenant } from '../registry/tenant.entity';
import { tenantView } from '../tenants/tenant.view';
import { lockTenant, requireTenant } from '../tenants/tenants';
import { copyLost } from '../transfers/kept-copy';
import { DryRuns } from './dry-runs';
import { jobView } from './job.view';

interface StartOptions {
  readonly params?: JobParams;
  /** The job that starts this operation, if any. */
  readonly parentId?: string | null;
}

/** Starts operations on tenants, for operators and for jobs that cover many tenants. */
@Injectable()
export class TenantOperations {
  constructor(
    private readonly database: Database,
    private readonly dryRuns: DryRuns,
    private readonly starter: JobStarter,
    private readonly jobs: ProvisioningJobs,
    private readonly audit: Audit,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  plan(tenantId: string, operation: LifecycleOperation, params: JobParams = {}): Promise<PlanView> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, tenantId);
      requireStatus(tenant, startOf(operation));
      await requireNothingLeft(manager, tenant, { operation, params });
      const model = modelOf(tenant, params);
      const { plan } = await this.dryRuns.planFor(tenant, lifecycleSteps(model, operation, params), model);
      // A kept copy is reopened at the old home, whose plane is already installed.
      return { plan: { ...plan, install_required: plan.install_required && !isReopening(params) } };
    });
  }

  /** Writes the job, its audit row and its wake-up, in the caller's transaction. */
  async start(
    manager: EntityManager,
    tenantId: string,
    operation: LifecycleOperation,
    { params = {}, parentId = null }: StartOptions = {},
  ): Promise<AcceptedForTenant> {
    const tenant = await lockTenant(manager, tenantId);
    requireStatus(tenant, startOf(operation));
    await requireNothingExcluded(manager, { operation, tenantId, tenantPlaneId: null });
    const steps = lifecycleSteps(modelOf(tenant, params), operation, params);
    if (OPERATION_RULES[operation].supersedes) await this.jobs.supersede(manager, { tenantId }, operation);
    const job = await this.starter.start(manager, { operation, tenantId, parentId, params, steps });
    // Checked after the job's row is written, because from then on no other job can create a place.
    await requireNothingLeft(manager, tenant, { operation, params, jobId: job.id });
    const subject = { action: `tenant.${operation}`, targetKind: 'tenant', targetId: tenantId };
    await this.audit.record(manager, {
      ...subject,
      before: { status: tenant.status },
      after: { job_id: job.id, ...(parentId !== null && { parent_id: parentId }), ...params },
    });
    const home = await manager.findOneBy(Placement, { tenantId, holdsPlace: true });
    return { tenant: tenantView(tenant, home?.tenantPlaneId ?? null), job: jobView(job, tenant.slug) };
  }
}

/** The deployment model whose steps the job runs: the tenant's current model or, for a move, the new one. */
function modelOf({ deploymentModel }: Tenant, { deployment_model: other }: JobParams): DeploymentModel {
  return (other as DeploymentModel | undefined) ?? deploymentModel;
}

/** The tenant statuses in which the operation may start. */
function startOf(operation: LifecycleOperation): Parameters<typeof requireStatus>[1] {
  return { what: `The operation ${operation}`, from: OPERATION_RULES[operation].from };
}

/**
 * Refuses an operation that creates a place while the tenant still has one from an unfinished move or
 * restore. That place belongs to the unfinished job until the job succeeds or is rolled back. Another
 * operation may need a different kind of place, and undoing that operation would remove the place.
 */
async function requireNothingLeft(
  manager: EntityManager,
  { id: tenantId, slug }: Tenant,
  {
    operation,
    params,
    jobId,
  }: { readonly operation: LifecycleOperation; readonly params: JobParams; readonly jobId?: string },
): Promise<void> {
  if (!OPERATION_RULES[operation].makesPlace) return;
  const home = await placeOf(manager, tenantId);
  if (home && !isReopening(params) && (await hasLostCopy(manager, home))) throw await copyLost(manager, home);
  const left = await placeOf(manager, tenantId, 'importing');
  if (!left) return;
  const { name } = await manager.findOneByOrFail(TenantPlane, { id: left.tenantPlaneId });
  const jobs = await manager.find(ProvisioningJob, { where: { tenantId }, order: { id: 'DESC' } });
  const maker = jobs.find((job) => job.id !== jobId && OPERATION_RULES[job.operation].makesPlace);
  if (maker && LIVE_JOB_STATUSES.includes(maker.status)) throw operationInProgress(maker);
  const which = maker ? `its last ${maker.operation} (job ${maker.id})` : 'a move';
  const how = maker ? `POST /api/provisioning-jobs/${maker.id}/rollback` : 'see GET /api/drifts';
  const detail =
    `Tenant "${slug}" still has a place on tenant plane ${name} from ${which}, which did not finish. ` +
    `Retry that job, or roll it back (${how}), then try again.`;
  throw new DomainError('move_unfinished', 'conflict', detail);
}
