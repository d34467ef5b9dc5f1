import { type Database } from '@atlas/persistence';
import { type FindOptionsWhere, MoreThan } from 'typeorm';
import { Tenant } from './tenant.entity';

const PAGE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** The IDs of the tenants whose home is here, one by one. */
export async function* servingTenants(plane: Database): AsyncGenerator<string> {
  for await (const { id } of tenantsWhere(plane, { phase: 'serving' })) yield id;
}

/** The tenants whose home is here and who are not suspended, one by one. */
export function activeTenants(plane: Database): AsyncGenerator<Tenant> {
  return tenantsWhere(plane, { phase: 'serving', status: 'active' });
}

/** All tenants that this plane knows, also those that have moved away or were purged, one by one. */
export function everyTenant(plane: Database): AsyncGenerator<Tenant> {
  return tenantsWhere(plane, {});
}

async function* tenantsWhere(
  plane: Database,
  where: Omit<FindOptionsWhere<Tenant>, 'id'>,
): AsyncGenerator<Tenant> {
  let page: Tenant[];
  let after = BEFORE_ALL;
  do {
    const next = { ...where, id: MoreThan(after) };
    page = await plane.read((manager) =>
      manager.find(Tenant, { where: next, order: { id: 'ASC' }, take: PAGE }),
    );
    for (const tenant of page) {
      after = tenant.id;
      yield tenant;
    }
  } while (page.length === PAGE);
}
