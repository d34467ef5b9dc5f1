import { CELL_MODELS } from '@atlas/deployment-profiles';
import { type PlanView } from '@atlas/operator-api';
import { updateReturning } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { TenantPlane } from './tenant-plane.entity';

/** Which cells are acceptable. */
export interface WantedCell {
  readonly region: string | null;
  readonly only?: string;
  readonly except?: string;
  /** If omitted, any version is acceptable. */
  readonly versions?: readonly string[];
}

export type TakenCell = Pick<TenantPlane, 'id' | 'endpointUrl'>;

/** How the plan of an operation names the cell, if there is one. */
export function cellInPlan(cell: TenantPlane | null): Pick<PlanView['plan'], 'cell'> {
  return cell ? { cell: { id: cell.id, name: cell.name } } : {};
}

/** Shared tenant planes with room for tenants. */
@Injectable()
export class Cells {
  /**
   * Takes a place in the emptiest acceptable cell, whose row stays locked. If two callers see the last free
   * place, one gets it and the other searches again. Returns null if all acceptable cells are full.
   */
  async takePlace(manager: EntityManager, wanted: WantedCell): Promise<TakenCell | null> {
    const [emptiest, parameters] = acceptable(manager, wanted).select('cell.id').getQueryAndParameters();
    const take = `update tenant_planes set placed = placed + 1 where id = (${emptiest})
      and placed < capacity and accepts_tenants and status = 'enrolled'
      returning id, endpoint_url as "endpointUrl"`;
    for (;;) {
      const [cell] = await updateReturning<TakenCell>(manager, take, parameters);
      if (cell) return cell;
      if (!(await this.emptiest(manager, wanted))) return null;
    }
  }

  /** Adds a place even if the cell is full, since the tenant's rows are already there. */
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

  emptiest(manager: EntityManager, wanted: WantedCell): Promise<TenantPlane | null> {
    return acceptable(manager, wanted).getOne();
  }
}

/** At most one cell. */
function acceptable(
  manager: EntityManager,
  { region, only, except, versions }: WantedCell,
): SelectQueryBuilder<TenantPlane> {
  const query = manager
    .createQueryBuilder(TenantPlane, 'cell')
    .where({ deploymentModel: In(CELL_MODELS), status: 'enrolled' })
    .andWhere('cell.acceptsTenants and cell.placed < cell.capacity')
    .orderBy('cell.placed * 1.0 / cell.capacity')
    .addOrderBy('cell.id')
    .limit(1);
  if (region) query.andWhere('cell.region = :region', { region });
  if (only) query.andWhere('cell.id = :only', { only });
  if (except) query.andWhere('cell.id <> :except', { except });
  if (versions) query.andWhere('cell.version in (:...versions)', { versions: ['', ...versions] });
  return query;
}
