import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { type BillingChangedView, type JobView } from '@atlas/operator-api';
import { Database, lockedForUpdate, updateRows } from '@atlas/persistence';
import { type BillingState } from '@atlas/plane-contract';
import { Clock, timeOfChange } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type FindOptionsWhere, In } from 'typeorm';
import { Audit } from '../audit/audit';
import { issuedAtOf } from '../desired-state/leases';
import { TenantStatusPublisher } from '../desired-state/tenant-status-publisher';
import { JobControl } from '../lifecycle/job-control';
import { jobView } from '../lifecycle/job.view';
import { TenantOperations } from '../lifecycle/tenant-operations';
import { operationInProgress } from '../provisioning-jobs/live-jobs';
import { ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { placeOf } from '../registry/placements';
import { TENANT_WRITES, requireStatus } from '../registry/tenant-writes';
import { Tenant } from '../registry/tenant.entity';
import { tenantView } from '../tenants/tenant.view';
import { lockTenant, requireTenant } from '../tenants/tenants';

const UNPAID = 'The bill is unpaid.';

/** Records whether tenants' bills are paid, and suspends and resumes tenants accordingly. */
@Injectable()
export class Billing {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
    private readonly jobs: JobControl,
    private readonly publisher: TenantStatusPublisher,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `tenant_not_found`, `invalid_transition`
   * and, if the tenant must be suspended or resumed, `operation_in_progress`.
   */
  change(id: string, state: BillingState): Promise<BillingChangedView> {
    return this.database.write(async (manager) => {
      const tenant = await lockTenant(manager, id);
      requireStatus(tenant, TENANT_WRITES.billing);
      if (tenant.billingState !== state) await this.record(manager, tenant, state);
      // An earlier job may have been rolled back, so this is checked even if the state stays the same.
      const job = await this.follow(manager, tenant, state);
      const [changed, home] = [await requireTenant(manager, id), await placeOf(manager, id)];
      return { tenant: tenantView(changed, home?.tenantPlaneId ?? null), job };
    });
  }

  private async record(manager: EntityManager, tenant: Tenant, state: BillingState): Promise<void> {
    const { id, pastDueSince } = tenant;
    const now = this.clock.now();
    const changes = {
      billingState: state,
      // A second unpaid bill does not restart the days of grace.
      pastDueSince: state === 'ok' ? null : (pastDueSince ?? now),
      leasedAt: timeOfChange(now, issuedAtOf(tenant)),
      updatedAt: timeOfChange(now, tenant.updatedAt),
    };
    await updateRows(manager, Tenant, { id }, changes);
    await this.audit.record(manager, {
      action: 'tenant.billing_changed',
      targetKind: 'tenant',
      targetId: id,
      before: { state: tenant.billingState },
      after: { state },
    });
    await this.publisher.publish(manager, id);
  }

  /**
   * A tenant that an operator has suspended for another reason stays suspended. A job of an earlier state of
   * the bill may still wait for a plane that is offline. It is cancelled, so that it delays nothing.
   */
  private async follow(
    manager: EntityManager,
    { id, slug, status, billingJobId }: Tenant,
    state: BillingState,
  ): Promise<JobView | null> {
    const last = billingJobId === null ? null : await lockedJob(manager, { id: billingJobId });
    const isLive = last !== null && LIVE_JOB_STATUSES.includes(last.status);
    if (state === 'suspended') {
      if (isLive) return jobView(last, slug);
      const live = { operation: 'resume', status: In([...LIVE_JOB_STATUSES]) } as const;
      const resuming = await lockedJob(manager, { tenantId: id, ...live });
      // An operator's own job ends first, so that the tenant is not left suspended for no reason.
      if (resuming && status === 'suspended' && billingJobId === null) throw operationInProgress(resuming);
      if (resuming) await this.jobs.cancel(resuming.id);
      if (status !== 'active') return null;
      const { job } = await this.operations.start(manager, id, 'suspend', { params: { reason: UNPAID } });
      await updateRows(manager, Tenant, { id }, { billingJobId: job.id });
      return job;
    }
    if (billingJobId === null) return null;
    if (isLive) await this.jobs.cancel(billingJobId);
    // A job that was cancelled before it suspended the tenant has left it active.
    if (status === 'suspended' && last?.status !== 'cancelled')
      return (await this.operations.start(manager, id, 'resume')).job;
    await updateRows(manager, Tenant, { id }, { billingJobId: null });
    return null;
  }
}

/** Locked, so that it does not end before it is cancelled. */
function lockedJob(
  manager: EntityManager,
  where: FindOptionsWhere<ProvisioningJob>,
): Promise<ProvisioningJob | null> {
  return lockedForUpdate(manager.createQueryBuilder(ProvisioningJob, 'job').where(where)).getOne();
}
