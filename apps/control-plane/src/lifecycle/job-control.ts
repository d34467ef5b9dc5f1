import {
  FAILED_JOB_STATUSES,
  JOB_MACHINE,
  type JobDirection,
  JobQueue,
  type JobStatus,
  LIVE_JOB_STATUSES,
  type StepState,
  topicOf,
} from '@atlas/jobs';
import { ListJobsQuery, type JobView, isUndoneWhenCancelled } from '@atlas/operator-api';
import { Database, Signals, updateRows } from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { Audit } from '../audit/audit';
import {
  aboutTheSame,
  liveJobFailure,
  requireNoOther,
  requireNothingExcluded,
} from '../provisioning-jobs/live-jobs';
import { OPERATION_RULES } from '../provisioning-jobs/operation-rules';
import { ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { ProvisioningJobs } from '../provisioning-jobs/provisioning-jobs';
import { placeOf } from '../registry/placements';
import { lockPlane } from '../registry/plane-lock';
import { changeTenantStatus } from '../registry/tenant-status';
import { Tenant } from '../registry/tenant.entity';
import { lockSignedUpSince } from '../tenants/signup-tenants';
import { lockTenant } from '../tenants/tenants';
import { JobViews } from './job-views';
import { type RestartSituation, restartProblem } from './restarts';

/** Lets operators view and control jobs. */
@Injectable()
export class JobControl {
  constructor(
    private readonly database: Database,
    private readonly jobs: ProvisioningJobs,
    private readonly views: JobViews,
    private readonly queue: JobQueue,
    private readonly signals: Signals,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async get(id: string): Promise<ProvisioningJob> {
    const job = await this.jobs.find(id);
    if (!job) throw jobNotFound();
    return job;
  }

  view(job: ProvisioningJob): Promise<JobView> {
    return this.views.of(job);
  }

  async list(query: ListJobsQuery): Promise<Page<JobView>> {
    const { tenant_id: tenantId, tenant_plane_id: tenantPlaneId, parent_id: parentId } = query;
    const { status, operation, live, needs_attention: needsAttention, cursor: after, limit } = query;
    const where = { tenantId, tenantPlaneId, parentId, status, operation };
    const filter = { ...where, live, needsAttention, after };
    const jobs = await this.jobs.list({ ...filter, limit: limit + 1 });
    return pageOf(jobs, limit, await this.views.viewer(jobs));
  }

  /** Resumes a stopped job at its first unfinished step. */
  retry(id: string): Promise<ProvisioningJob> {
    return this.restart(id, 'run', 'job.retried');
  }

  /** Undoes a stopped job's completed steps in reverse order. */
  rollback(id: string): Promise<ProvisioningJob> {
    return this.restart(id, 'undo', 'job.rolled_back');
  }

  /**
   * Stops a live job at its current step, or rolls it back if its
   * operation requires that. Either way, the job's worker loses its lease.
   */
  cancel(id: string): Promise<ProvisioningJob> {
    return this.database.write(async (manager) => {
      const { job: found } = await this.lock(manager, id);
      if (LIVE_JOB_STATUSES.includes(found.status) && isUndoneByCancel(found))
        return this.turnBack(manager, id);
      const { affected } = await manager
        .createQueryBuilder()
        .update(ProvisioningJob)
        .set({
          status: 'cancelled',
          leaseOwner: null,
          leaseExpiresAt: null,
          leaseNumber: () => 'lease_number + 1',
          finishedAt: this.clock.now(),
        })
        .where({ id, status: In([...LIVE_JOB_STATUSES]) })
        .execute();
      const job = await this.requireJob(manager, id);
      if (!affected) throw hasEnded(job);
      await setStatus(manager, job, OPERATION_RULES[job.operation].whenStopped);
      await this.announce(manager, job, 'job.cancelled');
      return job;
    });
  }

  /** Rolls a live job back from its current step. The job's worker loses its lease. */
  private async turnBack(manager: EntityManager, id: string): Promise<ProvisioningJob> {
    const turned = { leaseOwner: null, leaseExpiresAt: null, leaseNumber: () => 'lease_number + 1' };
    const { affected } = await manager
      .createQueryBuilder()
      .update(ProvisioningJob)
      .set({ ...turned, direction: 'undo', status: 'queued', dueAt: () => this.database.fromNow(0) })
      .where({ id, status: In([...LIVE_JOB_STATUSES]) })
      .execute();
    const job = await this.requireJob(manager, id);
    if (!affected) throw hasEnded(job);
    // The update has locked the job's row, so no further step can be recorded as done.
    requireWayBack(job);
    await this.queue.wake(manager, id);
    await this.announce(manager, job, 'job.cancelled');
    return job;
  }

  /**
   * Resumes the newest job for this subject that failed at `step` and may still be restarted.
   * The caller has just supplied what the job lacked. Other jobs may have run since the failure.
   */
  async resumeAt(
    manager: EntityManager,
    where: { readonly tenantId: string } | { readonly tenantPlaneId: string },
    step: string,
  ): Promise<void> {
    const order = { id: 'DESC' } as const;
    const failed = await manager.find(ProvisioningJob, { where: { ...where, status: 'failed' }, order });
    for (const { id, steps } of failed) {
      if (!steps.some(({ name, status }) => name === step && status === 'failed')) continue;
      const { job, situation } = await this.lock(manager, id);
      if (restartProblem(job, 'run', situation) !== null) continue;
      await this.retry(id);
      return;
    }
  }

  private restart(id: string, direction: JobDirection, action: string): Promise<ProvisioningJob> {
    return this.database.write(async (manager) => {
      const { job, situation } = await this.lock(manager, id);
      await requireNoOther(manager, job);
      if (!JOB_MACHINE.can(job.status, 'queued')) throw notRestartable(job.status);
      const problem = restartProblem(job, direction, situation);
      if (problem !== null) throw invalidTransition(problem);
      if (direction === 'undo') requireWayBack(job);
      await requireNothingExcluded(manager, job);
      // Update the job only if it has not changed since it was read,
      // so that a concurrent retry and rollback cannot both succeed.
      const read = { id, leaseNumber: job.leaseNumber, status: job.status };
      beginAgain(job.steps, direction, (await this.database.now()).toISOString());
      Object.assign(job, {
        direction,
        status: 'queued',
        error: null,
        finishedAt: null,
        isDismissed: false,
      });
      const { steps, status, error, finishedAt, isDismissed } = job;
      const dueAt = (): string => this.database.fromNow(0);
      const changes = { direction, steps, status, error, finishedAt, isDismissed, dueAt };
      if (direction === 'run') await dismissFailedParts(manager, id);
      const affected = await updateRows(manager, ProvisioningJob, read, changes).catch((failure: unknown) => {
        throw liveJobFailure(failure, job);
      });
      if (!affected) throw notRestartable('running');
      const { whileResumed, whileUndone } = OPERATION_RULES[job.operation];
      await setStatus(manager, job, direction === 'run' ? whileResumed : whileUndone);
      await this.queue.wake(manager, id);
      await this.announce(manager, job, action);
      return job;
    });
  }

  /**
   * Locks the job's subject, so that no job with the same subject can
   * be started, restarted or cancelled until the transaction ends.
   */
  private async lock(
    manager: EntityManager,
    id: string,
  ): Promise<{ readonly job: ProvisioningJob; readonly situation: RestartSituation }> {
    const { tenantId, tenantPlaneId } = await this.requireJob(manager, id);
    const tenant = tenantId === null ? null : await lockTenant(manager, tenantId);
    const signedUpSince = tenant && (await lockSignedUpSince(manager, tenant));
    const plane = tenantPlaneId === null ? null : await lockPlane(manager, tenantPlaneId);
    const job = await this.requireJob(manager, id);
    const since = await manager.find(ProvisioningJob, {
      where: { ...aboutTheSame(job), id: MoreThan(id) },
      select: { id: true, operation: true },
      order: { id: 'DESC' },
    });
    const holdsItsPlace = tenantId !== null && (await holdsPlaceOf(manager, job, tenantId));
    return { job, situation: { tenant, signedUpSince, plane, since, holdsItsPlace } };
  }

  private async requireJob(manager: EntityManager, id: string): Promise<ProvisioningJob> {
    const job = await manager.findOneBy(ProvisioningJob, { id });
    if (!job) throw jobNotFound();
    return job;
  }

  private async announce(manager: EntityManager, job: ProvisioningJob, action: string): Promise<void> {
    const after = { operation: job.operation, tenant_id: job.tenantId };
    await this.audit.record(manager, { action, targetKind: 'job', targetId: job.id, after });
    this.signals.publish(topicOf(job.id));
  }
}

/**
 * A step's duration is measured from the start of its last
 * run or undo, so restarting the job resets that time.
 */
function beginAgain(steps: readonly StepState[], direction: JobDirection, at: string): void {
  const next = direction === 'run' ? steps.find(({ status }) => status !== 'done') : undefined;
  for (const step of steps) {
    if (step === next || step.status === 'failed' || step.status === 'waiting')
      Object.assign(step, {
        status: 'running',
        attempt: 0,
        error: null,
        started_at: at,
        finished_at: null,
      });
    else if (direction === 'run' && step.status !== 'done')
      Object.assign(step, { started_at: null, finished_at: null });
  }
}

/**
 * Dismisses the failed child jobs, because an operator who retries the parent has seen their failures.
 * Locks the children's rows before the parent's, in the same order as when a child job finishes.
 */
async function dismissFailedParts(manager: EntityManager, parentId: string): Promise<void> {
  const failed = { parentId, status: In([...FAILED_JOB_STATUSES]) };
  await updateRows(manager, ProvisioningJob, failed, { isDismissed: true });
}

async function setStatus(
  manager: EntityManager,
  { tenantId: id }: ProvisioningJob,
  status: Tenant['status'] | undefined,
): Promise<void> {
  if (id !== null && status !== undefined) await changeTenantStatus(manager, id, status);
}

/**
 * Whether the tenant still has the place that this job created. No other job may reuse or remove that place.
 */
async function holdsPlaceOf(
  manager: EntityManager,
  { operation, steps }: ProvisioningJob,
  tenantId: string,
): Promise<boolean> {
  if (!OPERATION_RULES[operation].makesPlace) return false;
  const left = await placeOf(manager, tenantId, 'importing');
  return (
    left !== null &&
    steps.some(
      ({ status, outputs }) => status !== 'undone' && outputs['tenant_plane_id'] === left.tenantPlaneId,
    )
  );
}

function jobNotFound(): DomainError {
  return new DomainError('job_not_found', 'not_found', 'There is no such job.');
}

function notRestartable(status: JobStatus): DomainError {
  return invalidTransition(
    LIVE_JOB_STATUSES.includes(status)
      ? `The job has not ended yet (${status}). Cancel it first, then retry it or roll it back.`
      : `The job has ended (${status}). There is nothing to retry or roll back.`,
  );
}

function requireWayBack({ operation, steps }: ProvisioningJob): void {
  const { after, why } = OPERATION_RULES[operation].beyondReturn ?? {};
  if (why !== undefined && steps.some(({ name, status }) => name === after && status === 'done'))
    throw new DomainError('beyond_return', 'conflict', why);
}

/**
 * Whether cancelling the job rolls it back. A job that superseded others
 * must clean up after them, even before its own first step is done.
 */
function isUndoneByCancel({ operation, steps }: ProvisioningJob): boolean {
  const { supersedes = false } = OPERATION_RULES[operation];
  return isUndoneWhenCancelled(operation) || (supersedes && steps[0]?.status !== 'done');
}

function hasEnded({ status }: ProvisioningJob): DomainError {
  return invalidTransition(`The job has ended (${status}). There is nothing to cancel.`);
}

function invalidTransition(detail: string): DomainError {
  return new DomainError('invalid_transition', 'conflict', detail);
}
