import { type TenantScope } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { In } from 'typeorm';
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

/** Makes these the items that the incident affects. The caller has locked them with {@link requireItems}. */
export async function setAffectedItems(
  scope: TenantScope,
  incidentId: string,
  { before, after }: { readonly before: readonly string[]; readonly after: readonly string[] },
  now: Date,
): Promise<void> {
  const removed = before.filter((id) => !after.includes(id));
  if (removed.length > 0) await scope.delete(AffectedItem, { incidentId, itemId: In(removed) });
  for (const itemId of after.filter((id) => !before.includes(id)))
    await scope.insert(AffectedItem, { id: uuidv7(now), incidentId, itemId });
}
