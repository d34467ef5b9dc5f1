import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { TenantPlane } from './tenant-plane.entity';

/** Which cells will do. */
export interface WantedCell {
  readonly region: string | null;
  readonly only?: string;
  readonly except?: string;
  /** Left out: any. */
  readonly versions?: readonly string[];
}

/** Shared tenant planes with room for tenants. */
@Injectable()
export class Cells {
  /**
   * Takes a place in the emptiest cell that will do, of the wanted region if one is
   * wanted. Guarded: of two that see the last place one gets it, and the other looks
   * again. Null when all are full. The cell stays locked, and is as it is then.
   */
  async takePlace(manager: EntityManager, wanted: WantedCell): Promise<TenantPlane | null> {
    for (;;) {
      const cell = await this.emptiest(manager, wanted);
      if (!cell) return null;
      const { affected } = await manager
        .createQueryBuilder()
        .update(TenantPlane)
        .set({ placed: () => 'placed + 1' })
        .where({ id: cell.id })
        .andWhere("placed < capacity and accepts_tenants and status = 'enrolled'")
        .execute();
      if (affected) return manager.findOneByOrFail(TenantPlane, { id: cell.id });
    }
  }

  /** Needs no free room: the tenant's rows are there already. */
  async addPlace(manager: EntityManager, id: string): Promise<void> {
    await manager
      .createQueryBuilder()
      .update(TenantPlane)
      .set({ placed: () => 'placed + 1' })
      .where({ id })
      .execute();
  }

  async freePlace(manager: EntityManager, id: string): Promise<void> {
    await manager
      .createQueryBuilder()
      .update(TenantPlane)
      .set({ placed: () => 'placed - 1' })
      .where({ id })
      .execute();
  }

  emptiest(
    manager: EntityManager,
    { region, only, except, versions }: WantedCell,
  ): Promise<TenantPlane | null> {
    const query = manager
      .createQueryBuilder(TenantPlane, 'cell')
      .where("cell.deploymentModel = 'shared' and cell.status = 'enrolled'")
      .andWhere('cell.acceptsTenants and cell.placed < cell.capacity')
      .orderBy('cell.placed * 1.0 / cell.capacity')
      .addOrderBy('cell.id')
      .limit(1);
    if (region) query.andWhere('cell.region = :region', { region });
    if (only) query.andWhere('cell.id = :only', { only });
    if (except) query.andWhere('cell.id <> :except', { except });
    if (versions) query.andWhere('cell.version in (:...versions)', { versions: ['', ...versions] });
    return query.getOne();
  }
}
