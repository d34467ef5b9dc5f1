import { type LifecycleOperation } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type RepeatableAnswer } from '../idempotency/sealed-idempotency';
import { Placement } from '../tenant-planes/placement.entity';
import { tenantView } from '../tenants/tenant.view';
import { requireStatus } from '../tenants/tenant-writes';
import { requireTenant } from '../tenants/tenants.service';
import { type JobParams } from './job';
import { jobView } from './job.view';
import { isReopening } from './lifecycle-steps';
import { Operations } from './operations';
import { TenantJobs, modelOf, requireNothingLeft, startOf } from './tenant-jobs';
import { type PlanView } from './accepted.view';

/** Accepts what shall happen to a tenant that is there; workers take over. */
@Injectable()
export class TenantOperations {
  constructor(
    private readonly database: Database,
    private readonly operations: Operations,
    private readonly jobs: TenantJobs,
  ) {}

  /** What `accept` would do. Changes nothing. */
  plan(tenantId: string, operation: LifecycleOperation, params: JobParams = {}): Promise<PlanView> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, tenantId);
      requireStatus(tenant, startOf(operation));
      await requireNothingLeft(manager, tenant, { operation, params });
      const model = modelOf(tenant, params);
      const steps = this.operations.lifecycle(model, operation, params);
      const { plan } = await this.operations.describe(steps, tenant, model);
      // The old home is installed already.
      return { plan: { ...plan, install_required: plan.install_required && !isReopening(params) } };
    });
  }

  /** Job, audit row and wake-up, in the caller's transaction. */
  async accept(
    manager: EntityManager,
    tenantId: string,
    operation: LifecycleOperation,
    params: JobParams = {},
  ): Promise<RepeatableAnswer> {
    const { tenant, job } = await this.jobs.begin(manager, tenantId, operation, { params });
    const home = await manager.findOneBy(Placement, { tenantId, holdsPlace: true });
    return {
      status: 202,
      headers: { location: `/api/provisioning-jobs/${job.id}` },
      body: { tenant: tenantView(tenant, home?.tenantPlaneId ?? null), job: jobView(job, tenant.slug) },
    };
  }
}
