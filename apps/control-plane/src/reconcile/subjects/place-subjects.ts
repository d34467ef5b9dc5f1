import { Injectable } from '@nestjs/common';
import { type EntityManager, In, Not } from 'typeorm';
import { Placement } from '../../registry/placement.entity';
import { TenantPlane, isCell } from '../../registry/tenant-plane.entity';
import { busyPlanes, placementsOn, planesAfter } from './plane-subjects';
import { type Subject, type SubjectPage, Subjects, pageById } from './subject';

/** The number of placements whose planes make up a page. A page contains at least one plane. */
const COUNTED = 2000;

export interface PlaceSubject extends Subject {
  readonly plane: TenantPlane;
  /** How many placements count towards the plane's capacity. */
  readonly held: number;
}

/** Planes, like PlaneSubjects, but with a count of their placements: a cell may have many thousands. */
@Injectable()
export class PlaceSubjects extends Subjects<PlaceSubject> {
  readonly kind = 'tenant_plane';

  override get name(): string {
    return 'places';
  }

  async page(manager: EntityManager, position: string | null): Promise<SubjectPage<PlaceSubject>> {
    const { rows, next } = await pageById(position, (after, take) => planesAfter(manager, after, take));
    const planes = firstFew(rows);
    const subjects = await this.describe(manager, planes);
    return { subjects, next: planes.length < rows.length ? (planes.at(-1)?.id ?? null) : next };
  }

  async some(manager: EntityManager, ids: readonly string[]): Promise<PlaceSubject[]> {
    const planes = await manager.findBy(TenantPlane, { id: In([...ids]), status: Not('retired') });
    return this.describe(manager, planes);
  }

  lock(manager: EntityManager, id: string): Promise<unknown> {
    return manager.query('update tenant_planes set id = id where id = $1', [id]);
  }

  private async describe(manager: EntityManager, planes: readonly TenantPlane[]): Promise<PlaceSubject[]> {
    const held = await heldPlaces(manager, planes);
    const single = planes.filter((plane) => !isCell(plane));
    const busy = await busyPlanes(manager, planes, await placementsOn(manager, single));
    return planes.map((plane) => ({
      id: plane.id,
      isBusy: busy.has(plane.id),
      plane,
      held: held.get(plane.id) ?? 0,
    }));
  }
}

function firstFew(planes: readonly TenantPlane[]): readonly TenantPlane[] {
  let placed = 0;
  const end = planes.findIndex((plane) => (placed += plane.placed) > COUNTED);
  return end < 0 ? planes : planes.slice(0, Math.max(1, end));
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
