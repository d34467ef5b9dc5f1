import { type Database } from '@atlas/persistence';
import { MoreThan } from 'typeorm';
import { Tenant } from './tenant.entity';

const PAGE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** The IDs of the tenants whose home is here, one by one. */
export async function* servingTenants(plane: Database): AsyncGenerator<string> {
  let page: Tenant[];
  let after = BEFORE_ALL;
  do {
    const where = { phase: 'serving', id: MoreThan(after) } as const;
    page = await plane.read((manager) => manager.find(Tenant, { where, order: { id: 'ASC' }, take: PAGE }));
    for (const { id } of page) yield (after = id);
  } while (page.length === PAGE);
}
