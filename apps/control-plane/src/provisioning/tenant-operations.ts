import { type LifecycleOperation } from '@atlas/deployment-profiles';
import { Database, insertRow } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { type DeploymentModel } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { type RepeatableAnswer } from '../idempotency/sealed-idempotency';
import { Placement } from '../tenant-planes/placement.entity';
import { type Tenant } from '../tenants/tenant.entity';
import { tenantView } from '../tenants/tenant.view';
import { requireTenant } from '../tenants/tenants.service';
import { type JobParams } from './job';
import { ProvisioningJob } from './job.entity';
import { jobView } from './job.view';
import { Jobs } from './jobs.repository';
import { liveJobFailure } from './live-jobs';
import { newJob } from './new-job';
import { OPERATION_RULES } from './operation-rules';
import { Operations } from './operations';
import { JobQueue } from './queue/job-queue';

/** Accepts what shall happen to a tenant that is there; workers take over. */
@Injectable()
export class TenantOperations {
  constructor(
    private readonly database: Database,
    private readonly operations: Operations,
    private readonly queue: JobQueue,
    private readonly jobs: Jobs,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** What `accept` would do. Changes nothing. */
  plan(
    tenantId: string,
    operation: LifecycleOperation,
    params: JobParams = {},
  ): Promise<Record<string, unknown>> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, tenantId);
      requireStatus(tenant, operation);
      const model = modelOf(tenant, params);
      return this.operations.describe(this.operations.lifecycle(model, operation), tenant, model);
    });
  }

  /** Job, audit row and wake-up, in the caller's transaction. */
  async accept(
    manager: EntityManager,
    tenantId: string,
    operation: LifecycleOperation,
    params: JobParams = {},
  ): Promise<RepeatableAnswer> {
    const tenant = await requireTenant(manager, tenantId);
    requireStatus(tenant, operation);
    const steps = this.operations.lifecycle(modelOf(tenant, params), operation);
    const job = newJob({ operation, tenantId, params, steps }, this.clock.now());
    if (OPERATION_RULES[operation].supersedes) await this.jobs.supersede(manager, { tenantId }, operation);
    await this.insert(manager, job);
    const subject = { action: `tenant.${operation}`, targetKind: 'tenant', targetId: tenantId };
    await this.audit.record(manager, {
      ...subject,
      before: { status: tenant.status },
      after: { job_id: job.id, ...params },
    });
    await this.queue.wake(manager, job.id);
    const home = await manager.findOneBy(Placement, { tenantId, holdsPlace: true });
    return {
      status: 202,
      headers: { location: `/api/provisioning-jobs/${job.id}` },
      body: { tenant: tenantView(tenant, home?.tenantPlaneId ?? null), job: jobView(job) },
    };
  }

  private async insert(manager: EntityManager, job: ProvisioningJob): Promise<void> {
    try {
      await insertRow(manager, ProvisioningJob, job as never);
    } catch (error) {
      throw liveJobFailure(error, job);
    }
  }
}

/** The model whose steps are taken: the tenant's, or the one that it moves to. */
function modelOf({ deploymentModel }: Tenant, { deployment_model: other }: JobParams): DeploymentModel {
  return (other as DeploymentModel | undefined) ?? deploymentModel;
}

function requireStatus({ status }: Tenant, operation: LifecycleOperation): void {
  const { from } = OPERATION_RULES[operation];
  if (from.includes(status)) return;
  const detail = `A tenant that is ${status} cannot ${operation}: it has to be ${from.join(' or ')}.`;
  throw new DomainError('invalid_transition', 'conflict', detail);
}
