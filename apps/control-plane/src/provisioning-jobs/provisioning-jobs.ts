import { type JobStatus, Jobs, LIVE_JOB_STATUSES, topicOf } from '@atlas/jobs';
import { type OperationName } from '@atlas/operator-api';
import { Database, Signals } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
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
  async list(filter: {
    tenantId?: string;
    tenantPlaneId?: string;
    parentId?: string;
    status?: JobStatus;
    operation?: OperationName;
    live?: boolean;
    needsAttention?: boolean;
    after?: string;
    limit: number;
  }): Promise<ProvisioningJob[]> {
    return this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(ProvisioningJob, 'job')
        .orderBy('job.id', 'DESC')
        .take(filter.limit);
      const { tenantId, tenantPlaneId, parentId } = filter;
      if (tenantId) query.andWhere('job.tenantId = :tenantId', { tenantId });
      if (tenantPlaneId) query.andWhere('job.tenantPlaneId = :tenantPlaneId', { tenantPlaneId });
      if (parentId) query.andWhere('job.parentId = :parentId', { parentId });
      const { status, operation, live, needsAttention } = filter;
      if (status) query.andWhere('job.status = :status', { status });
      if (operation) query.andWhere('job.operation = :operation', { operation });
      if (live !== undefined)
        query.andWhere(`${live ? '' : 'not '}(job.status in (:...live))`, { live: LIVE_JOB_STATUSES });
      if (needsAttention !== undefined) query.andWhere(`${needsAttention ? '' : 'not '}(${NEEDS_ATTENTION})`);
      if (filter.after) query.andWhere('job.id < :after', { after: filter.after });
      return query.getMany();
    });
  }
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
