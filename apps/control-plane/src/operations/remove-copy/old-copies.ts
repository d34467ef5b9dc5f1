import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
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
 * SQL: whether a removal of the copy at `place` waits for a person, who may still retry it. Takes as
 * `harmless` what it may be retried behind; behind anything else another removal begins.
 */
const REMOVAL_WAITS = `exists (select 1 from provisioning_jobs job
  where job.tenant_id = place.tenant_id and job.operation = 'remove_copy' and ${WAITS_FOR_A_PERSON}
    and job.params ->> 'tenant_plane_id' = cast(place.tenant_plane_id as varchar)
    and not exists (select 1 from provisioning_jobs since
      where since.tenant_id = job.tenant_id and since.id > job.id and since.operation not in (:...harmless)))`;

/**
 * SQL: whether the copy at `place` was told to go by a job that ended before the requirement of the new home
 * did. That ends only once a removal sees the report that the copy is gone, so another one begins.
 */
const IS_BROKEN_OFF = `exists (select 1 from provisioning_jobs job
  where job.id = place.purge_job_id and (job.operation = 'remove_copy' and job.status in ('failed', 'cancelled')
    or job.operation in ('move', 'deprovision') and job.status = 'cancelled' and exists (select 1
      from placements home join transfers move on move.id = home.restored_from
      where home.tenant_id = place.tenant_id and home.holds_place and move.source_plane_id = place.tenant_plane_id)))`;

/**
 * Begins the removal of copies that tenants have moved away
 * from, once their time is over and the new home serves.
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
   * A tenant that something else is being done to is looked at again in the next
   * round. What the copy was when it was found counts only if it still is so behind
   * the job's row, which waits for the end of a job that was just removing it.
   */
  private async remove({ tenantId, tenantPlaneId }: Placement): Promise<void> {
    await this.database
      .write(async (manager) => {
        const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
        const params = { tenant_plane_id: tenantPlaneId, deployment_model: plane.deploymentModel };
        await this.operations.start(manager, tenantId, 'remove_copy', { params });
        if (!(await this.due(manager).andWhere({ tenantId, tenantPlaneId }).getExists()))
          throw new DomainError('not_found', 'not_found', 'The copy has been removed.');
      })
      .catch((error: unknown) => {
        if (!(error instanceof DomainError)) throw error;
      });
  }

  private due(manager: EntityManager): SelectQueryBuilder<Placement> {
    return manager
      .createQueryBuilder(Placement, 'place')
      .where(`(place.remove_after <= :now or ${IS_BROKEN_OFF})`, { now: this.clock.now() })
      .andWhere({ holdsPlace: false })
      .andWhere(homeServes(this.database, 'place.tenant_id'))
      .andWhere(`not ${REMOVAL_WAITS}`, { harmless: OPERATION_RULES.remove_copy.restartsBehind });
  }
}
