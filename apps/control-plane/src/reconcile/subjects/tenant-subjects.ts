import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan, Not } from 'typeorm';
import { Placement } from '../../registry/placement.entity';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { type JobEnd, liveJobs, newestJobs } from './jobs-of';
import { type Subject, type SubjectPage, Subjects, pageById } from './subject';

interface Place {
  readonly placement: Placement;
  readonly plane: TenantPlane;
}

export interface TenantSubject extends Subject {
  readonly tenant: Tenant;
  /** The placements that count towards a plane's capacity. */
  readonly places: readonly Place[];
  /** Where the tenant is served; undefined only if something is wrong. */
  readonly home: Place | undefined;
  /** Whether the tenant is active or suspended. */
  readonly isLive: boolean;
  /** Set only if the tenant is between states or has several places. */
  readonly newestJob: JobEnd | undefined;
}

@Injectable()
export class TenantSubjects extends Subjects<TenantSubject> {
  readonly kind = 'tenant';

  async page(manager: EntityManager, position: string | null): Promise<SubjectPage<TenantSubject>> {
    const { rows, next } = await pageById(position, (after, take) =>
      manager
        .createQueryBuilder(Tenant, 'tenant')
        .where({ id: MoreThan(after) })
        // This condition matches the partial index.
        .andWhere("tenant.status <> 'deleted'")
        .orderBy('tenant.id')
        .limit(take)
        .getMany(),
    );
    return { subjects: await this.describe(manager, rows), next };
  }

  async some(manager: EntityManager, ids: readonly string[]): Promise<TenantSubject[]> {
    const tenants = await manager.findBy(Tenant, { id: In([...ids]), status: Not('deleted') });
    return this.describe(manager, tenants);
  }

  lock(manager: EntityManager, id: string): Promise<unknown> {
    return manager.query('update tenants set id = id where id = $1', [id]);
  }

  private async describe(manager: EntityManager, tenants: readonly Tenant[]): Promise<TenantSubject[]> {
    const ids = tenants.map(({ id }) => id);
    const placements = await manager.findBy(Placement, { tenantId: In(ids), holdsPlace: true });
    const planeIds = [...new Set(placements.map(({ tenantPlaneId }) => tenantPlaneId))];
    const planes = await manager.findBy(TenantPlane, { id: In(planeIds) });
    const placesOf = placesByTenant(placements, planes);
    const live = await liveJobs(manager, { tenantId: In(ids) });
    const busy = new Set(live.map(({ tenantId }) => tenantId));
    const unsettled = tenants.filter(
      ({ id, status }) =>
        status === 'provisioning' ||
        status === 'deprovisioning' ||
        (placesOf.get(id)?.length ?? 0) > 1 ||
        placesOf.get(id)?.some(({ placement }) => placement.phase !== 'serving'),
    );
    const newest = await newestJobs(
      manager,
      unsettled.map(({ id }) => id),
    );
    return tenants.map((tenant) => {
      const places = placesOf.get(tenant.id) ?? [];
      return {
        id: tenant.id,
        isBusy: busy.has(tenant.id),
        tenant,
        places,
        home: places.find(({ placement: { phase } }) => phase === 'serving' || phase === 'frozen'),
        isLive: tenant.status === 'active' || tenant.status === 'suspended',
        newestJob: newest.get(tenant.id),
      };
    });
  }
}

function placesByTenant(
  placements: readonly Placement[],
  planes: readonly TenantPlane[],
): Map<string, Place[]> {
  const planeOf = new Map(planes.map((plane) => [plane.id, plane]));
  const places = new Map<string, Place[]>();
  for (const placement of placements) {
    const plane = planeOf.get(placement.tenantPlaneId);
    if (plane)
      places.set(placement.tenantId, [...(places.get(placement.tenantId) ?? []), { placement, plane }]);
  }
  return places;
}
