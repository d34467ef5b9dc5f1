import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan, Not } from 'typeorm';
import { Placement } from '../../registry/placement.entity';
import { TenantPlane, isCell } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { liveJobs } from './jobs-of';
import { type Subject, Subjects, pagesById } from './subject';

export interface PlaneSubject extends Subject {
  readonly plane: TenantPlane;
  /** How many placements count towards the plane's capacity. */
  readonly held: number;
  /** For a single-tenant plane: the plane's current and former placements. */
  readonly placements: readonly Placement[];
  /** Whether a deleted tenant still has a place on the plane. */
  readonly isDeserted: boolean;
}

@Injectable()
export class PlaneSubjects extends Subjects<PlaneSubject> {
  readonly kind = 'tenant_plane';

  async *pages(manager: EntityManager): AsyncGenerator<readonly PlaneSubject[]> {
    const pages = pagesById((after, take) => {
      const where = { id: MoreThan(after), status: Not('retired' as const) };
      return manager.find(TenantPlane, { where, order: { id: 'ASC' }, take });
    });
    for await (const planes of pages) yield await this.describe(manager, planes);
  }

  async one(manager: EntityManager, id: string): Promise<PlaneSubject | null> {
    const planes = await manager.findBy(TenantPlane, { id, status: Not('retired') });
    return (await this.describe(manager, planes))[0] ?? null;
  }

  lock(manager: EntityManager, id: string): Promise<unknown> {
    return manager.query('update tenant_planes set id = id where id = $1', [id]);
  }

  private async describe(manager: EntityManager, planes: readonly TenantPlane[]): Promise<PlaneSubject[]> {
    const held = await heldPlaces(manager, planes);
    const single = planes.filter((plane) => !isCell(plane));
    const placements = await placementsOn(manager, single);
    const busy = await busyPlanes(manager, planes, placements);
    const deleted = await deletedOf(manager, placements);
    return planes.map((plane) => {
      const own = placements.filter(({ tenantPlaneId }) => tenantPlaneId === plane.id);
      const isDeserted = own.some(({ tenantId, holdsPlace }) => holdsPlace && deleted.has(tenantId));
      const facts = { id: plane.id, isBusy: busy.has(plane.id), held: held.get(plane.id) ?? 0 };
      return { ...facts, plane, placements: own, isDeserted };
    });
  }
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

async function heldPlaces(
  manager: EntityManager,
  planes: readonly TenantPlane[],
): Promise<Map<string, number>> {
  const rows = await manager
    .createQueryBuilder(Placement, 'placement')
    .select('placement.tenantPlaneId', 'id')
    .addSelect('count(*)', 'held')
    .where({ tenantPlaneId: In(planes.map(({ id }) => id)) })
    // This condition matches the partial index.
    .andWhere('placement.holdsPlace')
    .groupBy('placement.tenantPlaneId')
    .getRawMany<{ id: string; held: string | number }>();
  return new Map(rows.map(({ id, held }) => [id, Number(held)]));
}
