import { isUuid } from '@atlas/tenancy';
import { type EntityManager, In } from 'typeorm';
import { Tenant } from './tenant.entity';

/** The slugs of the tenants with these ids, in one query by primary key. Unknown ids are left out. */
export async function tenantSlugs(
  manager: EntityManager,
  ids: readonly unknown[],
): Promise<ReadonlyMap<unknown, string>> {
  const wanted = [...new Set(ids)].filter(isUuid);
  if (wanted.length === 0) return new Map();
  const select = { id: true, slug: true };
  const tenants = await manager.find(Tenant, { where: { id: In(wanted) }, select });
  return new Map(tenants.map(({ id, slug }) => [id, slug]));
}
