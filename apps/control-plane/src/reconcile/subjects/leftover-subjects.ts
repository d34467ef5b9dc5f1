import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { Drivers } from '../../infrastructure/drivers';
import { type FoundThing } from '../../infrastructure/drivers/infrastructure-driver';
import { planeNameOf } from '../../infrastructure/drivers/infrastructure-name';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { busyPlanes, placementsOn } from './plane-subjects';
import { type Subject, Subjects } from './subject';

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
   * Lists objects before looking up their planes, because a plane
   * is recorded before its objects exist and deleted after them.
   */
  async *pages(manager: EntityManager): AsyncGenerator<readonly NamedThing[]> {
    for await (const things of this.drivers.get(this.config.infrastructureDriver).things())
      yield await this.describe(manager, things);
  }

  async one(manager: EntityManager, id: string): Promise<NamedThing | null> {
    for await (const things of this.pages(manager)) {
      const thing = things.find((one) => one.id === id);
      if (thing) return thing;
    }
    return null;
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
