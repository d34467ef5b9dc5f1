import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan, Not } from 'typeorm';
import { Placement } from '../../registry/placement.entity';
import { TenantPlane, isCell } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { liveJobs } from './jobs-of';
import { type Subject, type SubjectPage, Subjects, pageById } from './subject';

export interface PlaneSubject extends Subject {
  readonly plane: TenantPlane;
  /** For a single-tenant plane: the plane's current and former placements. */
  readonly placements: readonly Placement[];
  /** Whether a deleted tenant still has a place on the plane. */
  readonly isDeserted: boolean;
}

@Injectable()
export class PlaneSubjects extends Subjects<PlaneSubject> {
  readonly kind = 'tenant_plane';

  async page(manager: EntityManager, position: string | null): Promise<SubjectPage<PlaneSubject>> {
    const { rows, next } = await pageById(position, (after, take) => planesAfter(manager, after, take));
    return { subjects: await this.describe(manager, rows), next };
  }

  async some(manager: EntityManager, ids: readonly string[]): Promise<PlaneSubject[]> {
    const planes = await manager.findBy(TenantPlane, { id: In([...ids]), status: Not('retired') });
    return this.describe(manager, planes);
  }

  lock(manager: EntityManager, id: string): Promise<unknown> {
    return manager.query('update tenant_planes set id = id where id = $1', [id]);
  }

  private async describe(manager: EntityManager, planes: readonly TenantPlane[]): Promise<PlaneSubject[]> {
    const single = planes.filter((plane) => !isCell(plane));
    const placements = await placementsOn(manager, single);
    const busy = await busyPlanes(manager, planes, placements);
    const deleted = await deletedOf(manager, placements);
    return planes.map((plane) => {
      const own = placements.filter(({ tenantPlaneId }) => tenantPlaneId === plane.id);
      const isDeserted = own.some(({ tenantId, holdsPlace }) => holdsPlace && deleted.has(tenantId));
      return { id: plane.id, isBusy: busy.has(plane.id), plane, placements: own, isDeserted };
    });
  }
}

/** The planes that are not retired, by id. */
export function planesAfter(manager: EntityManager, after: string, take: number): Promise<TenantPlane[]> {
  return (
    manager
      .createQueryBuilder(TenantPlane, 'plane')
      .where({ id: MoreThan(after) })
      // This condition matches the partial index.
      .andWhere("plane.status <> 'retired'")
      .orderBy('plane.id')
      .limit(take)
      .getMany()
  );
}

/** Call it for single-tenant planes only, since a cell has many placements. */
export function placementsOn(manager: EntityManager, planes: readonly TenantPlane[]): Promise<Placement[]> {
  return manager.findBy(Placement, { tenantPlaneId: In(planes.map(({ id }) => id)) });
}

/** The planes with a live job, either for the plane itself or for a tenant placed on it. */
export async function busyPlanes(
  manager: EntityManager,
  planes: readonly TenantPlane[],
  placements: readonly Placement[],
): Promise<Set<string>> {
  const ofPlanes = await liveJobs(manager, { tenantPlaneId: In(planes.map(({ id }) => id)) });
  const ofTenants = await liveJobs(manager, { tenantId: In(placements.map(({ tenantId }) => tenantId)) });
  const tenants = new Set(ofTenants.map(({ tenantId }) => tenantId));
  return new Set([
    ...ofPlanes.map(({ tenantPlaneId }) => tenantPlaneId ?? ''),
    ...placements.filter(({ tenantId }) => tenants.has(tenantId)).map(({ tenantPlaneId }) => tenantPlaneId),
  ]);
}

async function deletedOf(manager: EntityManager, placements: readonly Placement[]): Promise<Set<string>> {
  const id = In(placements.map(({ tenantId }) => tenantId));
  const deleted = await manager.find(Tenant, { where: { id, status: 'deleted' }, select: { id: true } });
  return new Set(deleted.map((tenant) => tenant.id));
}
