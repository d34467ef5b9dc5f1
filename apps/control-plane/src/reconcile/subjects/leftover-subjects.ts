import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { Drivers } from '../../infrastructure/drivers';
import { type FoundThing } from '../../infrastructure/drivers/infrastructure-driver';
import { planeNameOf } from '../../infrastructure/drivers/infrastructure-name';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { busyPlanes, placementsOn } from './plane-subjects';
import { PAGE, type Subject, type SubjectPage, Subjects } from './subject';

/**
 * A database, role, folder, process or directory on the database
 * server or the machine, and the plane that its name refers to.
 */
export interface NamedThing extends Subject {
  readonly isStray: boolean;
  readonly plane: TenantPlane | undefined;
}

@Injectable()
export class LeftoverSubjects extends Subjects<NamedThing> {
  readonly kind = 'leftover';

  constructor(
    private readonly drivers: Drivers,
    private readonly config: ControlPlaneConfig,
  ) {
    super();
  }

  /**
   * Lists objects before looking up their planes, because a plane is recorded before its objects exist and
   * deleted after them. A position is a number of objects. If objects before it appear or disappear, the pass
   * may leave one out, and the next pass finds it.
   */
  async page(manager: EntityManager, position: string | null): Promise<SubjectPage<NamedThing>> {
    const skipped = Number(position ?? 0);
    const things: FoundThing[] = [];
    let passed = 0;
    for await (const some of this.things()) {
      things.push(...some.slice(Math.max(0, skipped - passed)));
      passed += some.length;
      if (things.length > PAGE) break;
    }
    const page = things.slice(0, PAGE);
    const next = things.length > PAGE ? String(skipped + PAGE) : null;
    return { subjects: await this.describe(manager, page), next };
  }

  async some(manager: EntityManager, ids: readonly string[]): Promise<NamedThing[]> {
    const found: FoundThing[] = [];
    for await (const things of this.things()) {
      found.push(...things.filter(({ id }) => ids.includes(id)));
      if (found.length === ids.length) break;
    }
    return this.describe(manager, found);
  }

  private things(): AsyncIterable<readonly FoundThing[]> {
    return this.drivers.get(this.config.infrastructureDriver).things();
  }

  async lock(): Promise<void> {
    // These objects have no row that could be locked.
  }

  private async describe(manager: EntityManager, things: readonly FoundThing[]): Promise<NamedThing[]> {
    const names = [...new Set(things.map(({ name }) => planeNameOf(name)))];
    const planes = await manager.findBy(TenantPlane, { name: In(names) });
    const planeOf = new Map(planes.map((plane) => [plane.name, plane]));
    const busy = await busyPlanes(manager, planes, await placementsOn(manager, planes));
    return things.map(({ id, name, isStray = false }) => {
      const plane = planeOf.get(planeNameOf(name));
      return { id, isStray, plane, isBusy: plane !== undefined && busy.has(plane.id) };
    });
  }
}
