import { JobCarrier } from '@atlas/jobs';
import { lockedForUpdate } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { Tenant } from '../registry/tenant.entity';
import { type ProvisioningJob } from './provisioning-job.entity';
import { ProvisioningWaker } from './provisioning-waker';

/** Continues jobs that have waited for a report, in the transaction that stores the report. */
@Injectable()
export class ReportedJobs {
  constructor(
    private readonly waker: ProvisioningWaker,
    private readonly carrier: JobCarrier,
  ) {}

  /**
   * Wakes the jobs of a plane and of the tenants that it reported on. Jobs that only waited for the report
   * continue in this transaction.
   */
  async continue(manager: EntityManager, tenantPlaneId: string, tenantIds: readonly string[]): Promise<void> {
    const isOfTenants = tenantIds.length > 0 ? [{ tenantId: In([...tenantIds]) }] : [];
    const jobs = await this.waker.lockLive(manager, [{ tenantPlaneId }, ...isOfTenants]);
    const ours = tenantIds.length > 0 ? await this.withFreeTenants(manager, jobs) : [];
    const left = await this.carrier.resume(manager, ours);
    await this.waker.wakeAll(manager, [...jobs.filter((job) => !ours.includes(job)), ...left]);
  }

  /**
   * The jobs whose tenants this transaction can lock at once. It has locked a plane already, so it must not
   * wait for a tenant.
   */
  private async withFreeTenants(
    manager: EntityManager,
    jobs: readonly ProvisioningJob[],
  ): Promise<ProvisioningJob[]> {
    const waiting = jobs.filter(({ tenantId, status }) => tenantId !== null && status === 'waiting');
    if (waiting.length === 0) return [];
    const ids = waiting.map(({ tenantId }) => tenantId);
    const query = manager
      .createQueryBuilder(Tenant, 'tenant')
      .select('tenant.id')
      .where({ id: In(ids) });
    const free = new Set((await lockedForUpdate(query, { skipLocked: true }).getMany()).map(({ id }) => id));
    return waiting.filter(({ tenantId }) => free.has(tenantId ?? ''));
  }
}
