import { type TenantScope, lockedForShare, lockedForUpdate } from '@atlas/persistence';
import { In, IsNull } from 'typeorm';
import { itemArchived, itemNotFound } from './cmdb.errors';
import { ConfigurationItem } from './configuration-item.entity';

/**
 * Locks the items that a request's body names, in a fixed order, so that none of them is archived before the
 * transaction ends. Throws `configuration_item_not_found` and `configuration_item_archived` (422).
 */
export async function requireItems(
  scope: TenantScope,
  ids: readonly string[],
  lock: 'share' | 'update' = 'share',
): Promise<void> {
  if (ids.length === 0) return;
  const query = scope
    .query(ConfigurationItem, 'item')
    .select(['item.tenantId', 'item.id', 'item.archivedAt'])
    .andWhere({ id: In([...ids]) })
    .orderBy('item.id');
  const found = await (lock === 'share' ? lockedForShare(query) : lockedForUpdate(query)).getMany();
  const missing = ids.filter((id) => !found.some((item) => item.id === id));
  if (missing.length > 0) throw itemNotFound('unprocessable', missing);
  const archived = found.find(({ archivedAt }) => archivedAt !== null);
  if (archived) throw itemArchived('unprocessable', archived.id);
}

/**
 * Finds the items with these keys or, if no item has the key, these names, and locks them in a fixed order.
 * Text that more than one item goes by finds none.
 */
export async function itemsNamed(
  scope: TenantScope,
  texts: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (texts.length === 0) return found;
  const query = scope
    .query(ConfigurationItem, 'item')
    .andWhere({ archivedAt: IsNull() })
    .andWhere('(item.key in (:...texts) or item.name in (:...texts))', { texts: [...texts] })
    .orderBy('item.id');
  const items = await lockedForShare(query).getMany();
  for (const text of texts) {
    const byKey = items.filter(({ key }) => key === text);
    const named = byKey.length > 0 ? byKey : items.filter(({ name }) => name === text);
    const [item] = named;
    if (item && named.length === 1) found.set(text, item.id);
  }
  return found;
}
