import { type LifecycleOperation, profileOf } from '@atlas/deployment-profiles';
import { type DeploymentModel } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { type Tenant } from '../tenants/tenant.entity';
import { requireStatus } from '../tenants/tenant-writes';
import { lockTenant } from '../tenants/tenants.service';
import { type JobParams } from './job';
import { type ProvisioningJob } from './job.entity';
import { JobStarter } from './job-starter';
import { Jobs } from './jobs.repository';
import { requireNothingExcluded } from './live-jobs';
import { OPERATION_RULES } from './operation-rules';

interface Begun {
  readonly tenant: Tenant;
  readonly job: ProvisioningJob;
}

/**
 * Begins what shall happen to a tenant that is there: for an operator, and for a job about many tenants, whose step cannot
 * ask {@link Operations} for the steps of another one.
 */
@Injectable()
export class TenantJobs {
  constructor(
    private readonly starter: JobStarter,
    private readonly jobs: Jobs,
    private readonly audit: Audit,
  ) {}

  /** Job, audit row and wake-up, in the caller's transaction. */
  async begin(
    manager: EntityManager,
    tenantId: string,
    operation: LifecycleOperation,
    { params = {}, parentId = null }: { readonly params?: JobParams; readonly parentId?: string | null } = {},
  ): Promise<Begun> {
    const tenant = await lockTenant(manager, tenantId);
    requireStatus(tenant, startOf(operation));
    await requireNothingExcluded(manager, { operation, tenantId, tenantPlaneId: null });
    const names = profileOf(modelOf(tenant, params)).lifecycle[operation];
    const steps = names.map((name) => ({ name }));
    if (OPERATION_RULES[operation].supersedes) await this.jobs.supersede(manager, { tenantId }, operation);
    const job = await this.starter.start(manager, { operation, tenantId, parentId, params, steps });
    const subject = { action: `tenant.${operation}`, targetKind: 'tenant', targetId: tenantId };
    await this.audit.record(manager, {
      ...subject,
      before: { status: tenant.status },
      after: { job_id: job.id, ...(parentId !== null && { parent_id: parentId }), ...params },
    });
    return { tenant, job };
  }
}

/** The model whose steps are taken: the tenant's, or the one that it moves to. */
export function modelOf(
  { deploymentModel }: Tenant,
  { deployment_model: other }: JobParams,
): DeploymentModel {
  return (other as DeploymentModel | undefined) ?? deploymentModel;
}

/** What has to hold of a tenant before this happens to it. */
export function startOf(operation: LifecycleOperation): Parameters<typeof requireStatus>[1] {
  return { what: `The operation ${operation}`, from: OPERATION_RULES[operation].from };
}
