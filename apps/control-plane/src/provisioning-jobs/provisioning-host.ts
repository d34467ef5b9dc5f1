import { JobHost, type JobStatus, type Pause, type StepContext, type StepStatus } from '@atlas/jobs';
import { together } from '@atlas/persistence';
import { type RequestContext } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { jobFailed } from '../outbox/new-event';
import { Outbox } from '../outbox/outbox';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { changeTenantStatus } from '../registry/tenant-status';
import { Tenant } from '../registry/tenant.entity';
import { JobSecrets } from './job-secrets';
import { OPERATION_RULES } from './operation-rules';
import { type ProvisioningJob } from './provisioning-job.entity';
import { type ProvisioningContext } from './provisioning-step';

/** Step statuses in which writes are not paused, because the step has not run or has been undone. */
const WITHOUT_EFFECT: readonly StepStatus[] = ['pending', 'undone', 'skipped'];

/** What the job engine needs to know about provisioning jobs. */
@Injectable()
export class ProvisioningHost extends JobHost<ProvisioningJob> {
  constructor(
    private readonly secrets: JobSecrets,
    private readonly audit: Audit,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override contextOf(
    { operation, tenantId, tenantPlaneId }: ProvisioningJob,
    context: StepContext,
  ): ProvisioningContext {
    return {
      ...context,
      operation,
      get tenantId() {
        return required(tenantId, 'tenant');
      },
      get tenantPlaneId() {
        return required(tenantPlaneId, 'tenant plane');
      },
    };
  }

  override logContextOf({ tenantId }: ProvisioningJob): Partial<RequestContext> {
    return { tenantId: tenantId ?? undefined };
  }

  override pauseOf({ operation, direction, steps }: ProvisioningJob): Pause | null {
    const { pausesWrites } = OPERATION_RULES[operation];
    const step = steps.find(({ name }) => name === pausesWrites?.from);
    if (!pausesWrites || !step || WITHOUT_EFFECT.includes(step.status)) return null;
    if (direction === 'undo') return { until: null };
    if (step.status !== 'done') return null;
    return { until: new Date(Date.parse(step.finished_at ?? '') + pausesWrites.atMostMs) };
  }

  override combinesSteps({ operation }: ProvisioningJob): boolean {
    return OPERATION_RULES[operation].combinesSteps ?? false;
  }

  override undoesFailed({ operation }: ProvisioningJob): boolean {
    return OPERATION_RULES[operation].undoesFailed ?? false;
  }

  /** Sets the tenant's status, writes the audit row and, if the job failed, the event. */
  async settle(manager: EntityManager, job: ProvisioningJob, status: JobStatus): Promise<void> {
    const after = { operation: job.operation, tenant_id: job.tenantId };
    await together([
      setTenantStatus(manager, job, status),
      this.audit.record(manager, { action: `job.${status}`, targetKind: 'job', targetId: job.id, after }),
    ]);
    if (status === 'failed') await this.tellFailed(manager, job);
  }

  private async tellFailed(manager: EntityManager, job: ProvisioningJob): Promise<void> {
    const { id, operation, tenantId, tenantPlaneId, steps, error } = job;
    const [tenant, plane] = await together([
      named(tenantId, (one) => manager.findOneBy(Tenant, { id: one })),
      named(tenantPlaneId, (one) => manager.findOneBy(TenantPlane, { id: one })),
    ]);
    const failedStep = steps.find(({ status }) => status === 'failed')?.name ?? null;
    const told = { id, operation, failedStep, errorCode: error?.code ?? null, tenant, plane };
    await this.outbox.add(manager, jobFailed(told));
  }

  redact(job: ProvisioningJob, text: string): Promise<string> {
    return this.secrets.redact(job, text);
  }
}

async function setTenantStatus(
  manager: EntityManager,
  { tenantId, operation }: ProvisioningJob,
  status: JobStatus,
): Promise<void> {
  const { whenStopped, whenUndone } = OPERATION_RULES[operation];
  const next = { failed: whenStopped, cancelled: whenUndone }[status as string];
  if (tenantId === null || next === undefined) return;
  // Rolling back a tenant's provisioning frees its slug.
  const nothing = { holdsSlug: false, endpointUrl: null };
  await changeTenantStatus(manager, tenantId, next, next === 'deleted' ? nothing : {});
}

async function named<T>(id: string | null, find: (id: string) => Promise<T | null>): Promise<T | null> {
  return id === null ? null : find(id);
}

function required(id: string | null, what: string): string {
  if (id === null) throw new Error(`This job has no ${what}.`);
  return id;
}
