import { profileOf } from '@atlas/deployment-profiles';
import { type ReportRequest } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { Tenant } from '../tenants/tenant.entity';
import { DesiredStates } from './desired-state.service';
import { isForked } from './fleet';
import { Placement } from './placement.entity';
import { TenantPlane } from './tenant-plane.entity';

/** Where tenant planes are, and all that is made of it: addresses of their tenants, links, routes, redirects. */
@Injectable()
export class PlaneAddresses {
  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Follows a report that was accepted in sequence, in its transaction, which holds the plane's row: of many reports of one
   * change one finds it. While two copies of the plane speak, neither is followed: the address would go back and forth.
   */
  async follow(manager: EntityManager, id: string, report: ReportRequest): Promise<void> {
    const { endpoint_url: said, link_id, sequence } = report;
    if (said === undefined) return;
    const now = this.clock.now();
    const plane = await manager.findOneByOrFail(TenantPlane, { id });
    const { endpointUrl: before } = plane;
    if (said === before || isAddressRecorded(plane) || isForked(plane, now)) return;
    const isBack = said === plane.previousEndpointUrl;
    await manager.update(
      TenantPlane,
      { id },
      {
        ...{ endpointUrl: said, previousEndpointUrl: before },
        ...(isBack && { endpointReturnedAt: now }),
      },
    );
    await this.audit.record(manager, {
      ...{ action: 'tenant_plane.address_changed', targetKind: 'tenant_plane', targetId: id },
      before: { endpoint_url: before },
      after: { endpoint_url: said, link_id, sequence },
    });
    await this.passOn(manager, plane, said);
  }

  /** To the tenants that live there, and to the planes that redirect to them. */
  async passOn(manager: EntityManager, plane: TenantPlane, endpointUrl: string): Promise<void> {
    const { id } = plane;
    // Users of a plane that Atlas runs go to the planned address, whatever is behind it.
    const isTheirs = profileOf(plane.deploymentModel).installRequired;
    await manager
      .createQueryBuilder()
      .update(Tenant)
      .set({ endpointUrl, updatedAt: this.clock.now(), ...(isTheirs && { url: endpointUrl }) })
      .where(`id in (${LIVES_THERE})`, { id })
      .execute();
    const copies = await manager
      .createQueryBuilder(Placement, 'copy')
      .where({ phase: 'retired', removeAfter: Not(IsNull()) })
      .andWhere(`copy.tenantId in (${LIVES_THERE})`, { id })
      .getMany();
    for (const copy of copies) await this.desiredStates.publish(manager, copy);
  }
}

const LIVES_THERE = `select home.tenant_id from placements home
  where home.tenant_plane_id = :id and home.holds_place and home.phase <> 'importing'`;

/**
 * Whether the address is not the plane's to say: who made a dedicated plane, a driver or a person (`PUT
 * /api/tenants/:id/infrastructure`), recorded it together with the database. They know the load balancer in front of it,
 * the plane knows its own port; and a driver's record is what reconciliation repairs to. What the plane says otherwise is
 * shown as a drift.
 */
export function isAddressRecorded({ dbUrlSealed, endpointUrl }: TenantPlane): boolean {
  return dbUrlSealed !== null && endpointUrl !== null;
}
