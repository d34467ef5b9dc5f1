import { type TenantScope, lockedForShare } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { In } from 'typeorm';
import { itemArchived, itemNotFound } from '../cmdb/cmdb.errors';
import { ConfigurationItem } from '../cmdb/configuration-item.entity';
import { AffectedItem } from './affected-item.entity';

/** The configuration items that each of these incidents affects, in the order in which they were named. */
export async function affectedItems(
  scope: TenantScope,
  incidentIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>(incidentIds.map((id) => [id, []]));
  if (incidentIds.length === 0) return found;
  const where = { incidentId: In([...incidentIds]) };
  const rows = await scope.find(AffectedItem, { where, order: { id: 'ASC' } });
  for (const { incidentId, itemId } of rows) found.get(incidentId)?.push(itemId);
  return found;
}

/**
 * Makes these the items that the incident affects. Throws `configuration_item_not_found` and
 * `configuration_item_archived` (422).
 */
export async function setAffectedItems(
  scope: TenantScope,
  incidentId: string,
  itemIds: readonly string[],
  now: Date,
): Promise<void> {
  const before = (await affectedItems(scope, [incidentId])).get(incidentId) ?? [];
  const added = itemIds.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !itemIds.includes(id));
  await requireItems(scope, added);
  if (removed.length > 0) await scope.delete(AffectedItem, { incidentId, itemId: In(removed) });
  for (const itemId of added) await scope.insert(AffectedItem, { id: uuidv7(now), incidentId, itemId });
}

async function requireItems(scope: TenantScope, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const query = scope
    .query(ConfigurationItem, 'item')
    .andWhere({ id: In([...ids]) })
    .orderBy('item.id');
  const found = await lockedForShare(query).getMany();
  const missing = ids.filter((id) => !found.some((item) => item.id === id));
  if (missing.length > 0) throw itemNotFound('unprocessable', missing);
  const archived = found.find(({ archivedAt }) => archivedAt !== null);
  if (archived) throw itemArchived('unprocessable', archived.id);
}
