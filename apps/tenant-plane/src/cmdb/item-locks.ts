import { type TenantScope, lockedForShare, lockedForUpdate } from '@atlas/persistence';
import { In } from 'typeorm';
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
