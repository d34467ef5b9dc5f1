import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Clock, DomainError, ignoring } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { HAS_LIVE_JOB, WAITS_FOR_A_PERSON } from '../../provisioning-jobs/live-jobs';
import { OPERATION_RULES } from '../../provisioning-jobs/operation-rules';
import { Placement } from '../../registry/placement.entity';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { homeServes } from '../../transfers/kept-copy';

const AT_ONCE = 20;

/**
 * SQL: whether a removal of the copy at `place` has stopped and may still be
 * retried by a person. The parameter `harmless` lists the later operations that
 * do not prevent a retry. After any other operation, a new removal begins.
 */
const REMOVAL_WAITS = `exists (select 1 from provisioning_jobs job
  where job.tenant_id = place.tenant_id and job.operation = 'remove_copy' and ${WAITS_FOR_A_PERSON}
    and job.params ->> 'tenant_plane_id' = cast(place.tenant_plane_id as varchar)
    and not exists (select 1 from provisioning_jobs since
      where since.tenant_id = job.tenant_id and since.id > job.id
        and since.operation not in (:...harmless)))`;

/**
 * SQL: whether the job that was removing the copy at `place` stopped before it saw the plane's report.
 * The new home must keep the moved rows until a removal sees that report, so another removal begins.
 */
const IS_BROKEN_OFF = `exists (select 1 from provisioning_jobs job
  where job.id = place.purge_job_id
    and (job.operation = 'remove_copy' and job.status in ('failed', 'cancelled')
      or job.operation in ('move', 'deprovision') and job.status = 'cancelled' and exists (select 1
        from placements home join transfers move on move.id = home.restored_from
        where home.tenant_id = place.tenant_id and home.holds_place
          and move.source_plane_id = place.tenant_plane_id)))`;

/** SQL: the tenants to consider. Few copies are due, and indexes find what makes them due. */
const HAS_CANDIDATE = `place.tenant_id in (
  select copy.tenant_id from placements copy where copy.remove_after <= :now
  union select copy.tenant_id
    from provisioning_jobs job join placements copy on copy.purge_job_id = job.id
    where job.status in ('failed', 'cancelled') and job.operation in ('remove_copy', 'move', 'deprovision'))`;

/**
 * Starts the removal of copies that moved tenants left behind, once
 * the retention period is over and the new home serves the tenant.
 */
@Injectable()
export class OldCopies {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
    private readonly clock: Clock,
  ) {}

  /** Skips copies whose tenant is busy or in the wrong state, so that they do not hold up the others. */
  async sweep(): Promise<void> {
    const { from } = OPERATION_RULES.remove_copy;
    const due = await this.database.read((manager) =>
      this.due(manager)
        .innerJoin(Tenant, 'tenant', 'tenant.id = place.tenantId')
        .andWhere('tenant.status in (:...from)', { from })
        .andWhere(`not ${HAS_LIVE_JOB}`, { live: LIVE_JOB_STATUSES })
        .limit(AT_ONCE)
        .getMany(),
    );
    for (const placement of due) await this.remove(placement);
  }

  /**
   * Skips a busy tenant until the next sweep. Checks the copy again once the job's row is
   * written, because writing the row may have waited for another job that removed the copy.
   */
  private async remove({ tenantId, tenantPlaneId }: Placement): Promise<void> {
    await this.database
      .write(async (manager) => {
        const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
        const params = { tenant_plane_id: tenantPlaneId, deployment_model: plane.deploymentModel };
        await this.operations.start(manager, tenantId, 'remove_copy', { params });
        if (!(await this.due(manager).andWhere({ tenantId, tenantPlaneId }).getExists()))
          throw new DomainError('not_found', 'not_found', 'The copy has already been removed.');
      })
      .catch(ignoring('operation_in_progress', 'invalid_transition', 'not_found'));
  }

  private due(manager: EntityManager): SelectQueryBuilder<Placement> {
    return manager
      .createQueryBuilder(Placement, 'place')
      .where(HAS_CANDIDATE, { now: this.clock.now() })
      .andWhere(`(place.remove_after <= :now or ${IS_BROKEN_OFF})`)
      .andWhere({ holdsPlace: false })
      .andWhere(homeServes(this.database, 'place.tenant_id'))
      .andWhere(`not ${REMOVAL_WAITS}`, { harmless: OPERATION_RULES.remove_copy.restartsBehind });
  }
}
