import { JOB_STATUSES, type JobStatus, Jobs, LIVE_JOB_STATUSES, topicOf } from '@atlas/jobs';
import { type OperationName } from '@atlas/operator-api';
import { Database, Signals, plannedForValues } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { NEEDS_ATTENTION } from './needs-attention';
import { ProvisioningJob } from './provisioning-job.entity';

@Injectable()
export class ProvisioningJobs extends Jobs<ProvisioningJob> {
  constructor(database: Database, signals: Signals, clock: Clock) {
    super(ProvisioningJob, database, signals, clock);
  }

  /** Cancels the live jobs of a tenant or tenant plane for good. Their workers lose their leases. */
  async supersede(
    manager: EntityManager,
    subject:
      { readonly tenantId: string } | { readonly tenantPlaneId: string; readonly operation?: OperationName },
    operation: string,
  ): Promise<void> {
    const where = { ...subject, status: In([...LIVE_JOB_STATUSES]) };
    const live = await manager.find(ProvisioningJob, { where, select: { id: true } });
    await manager
      .createQueryBuilder()
      .update(ProvisioningJob)
      .set({
        status: 'cancelled',
        leaseOwner: null,
        leaseExpiresAt: null,
        error: {
          code: 'superseded',
          detail: `Superseded by another operation: ${operation}.`,
          class: 'fatal',
          fix: 'Nothing to do: the other operation continues.',
        },
        leaseNumber: () => 'lease_number + 1',
        finishedAt: this.clock.now(),
      })
      .where(where)
      .execute();
    for (const { id } of live) this.signals.publish(topicOf(id));
  }

  /** Newest first. */
  async list({ status, live, ...filter }: JobFilter): Promise<ProvisioningJob[]> {
    const statuses = JOB_STATUSES.filter(
      (one) =>
        (status === undefined || one === status) &&
        (live === undefined || LIVE_JOB_STATUSES.includes(one) === live),
    );
    const isAny = statuses.length === JOB_STATUSES.length;
    return this.database.read((manager) =>
      plannedForValues(isAny ? narrowed(manager, filter) : havingOne(manager, statuses, filter)).getMany(),
    );
  }
}

interface JobFilter {
  readonly tenantId?: string;
  readonly tenantPlaneId?: string;
  readonly parentId?: string;
  readonly status?: JobStatus;
  readonly operation?: OperationName;
  readonly live?: boolean;
  readonly needsAttention?: boolean;
  readonly after?: string;
  readonly limit: number;
}

type WithAnyStatus = Omit<JobFilter, 'status' | 'live'>;

function narrowed(manager: EntityManager, filter: WithAnyStatus): SelectQueryBuilder<ProvisioningJob> {
  const { tenantId, tenantPlaneId, parentId, operation, needsAttention, after, limit } = filter;
  const query = manager.createQueryBuilder(ProvisioningJob, 'job').orderBy('job.id', 'DESC').limit(limit);
  if (tenantId) query.andWhere('job.tenantId = :tenantId', { tenantId });
  if (tenantPlaneId) query.andWhere('job.tenantPlaneId = :tenantPlaneId', { tenantPlaneId });
  if (parentId) query.andWhere('job.parentId = :parentId', { parentId });
  if (operation) query.andWhere('job.operation = :operation', { operation });
  if (needsAttention !== undefined) query.andWhere(`${needsAttention ? '' : 'not '}(${NEEDS_ATTENTION})`);
  if (after) query.andWhere('job.id < :after', { after });
  return query;
}

/**
 * Reads a page of each status from the index on statuses, and makes one page of them. For `status in (…)`,
 * the databases would sort all jobs with these statuses.
 */
function havingOne(
  manager: EntityManager,
  [only, ...others]: readonly JobStatus[],
  filter: WithAnyStatus,
): SelectQueryBuilder<ProvisioningJob> {
  if (only !== undefined && others.length === 0)
    return narrowed(manager, filter).andWhere('job.status = :only', { only });
  const query = manager.createQueryBuilder(ProvisioningJob, 'job').where('1 = 0');
  if (only === undefined) return query;
  const pages = [only, ...others].map((status, n) => {
    const page = narrowed(manager, filter).andWhere(`job.status = :status${n}`, { [`status${n}`]: status });
    query.setParameters(page.getParameters());
    return `select id from (${page.select('job.id', 'id').getQuery()}) page${n}`;
  });
  return query
    .where(`job.id in (${pages.join(' union all ')})`)
    .orderBy('job.id', 'DESC')
    .limit(filter.limit);
}

/**
 * Finds the tenant's last successful deprovisioning. Its
 * parameters contain the tenant's previous status and home.
 */
export function lastDeprovisioning(
  manager: EntityManager,
  tenantId: string,
): Promise<ProvisioningJob | null> {
  const where = { tenantId, operation: 'deprovision', status: 'succeeded' } as const;
  return manager.findOne(ProvisioningJob, { where, order: { id: 'DESC' } });
}
