import { type TenantScope } from '@atlas/persistence';
import { In } from 'typeorm';
import { Runbook } from '../runbooks/runbook.entity';

/** The present names of runbooks, by id. Runbooks are archived, never deleted. */
export async function runbookNames(
  scope: TenantScope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const where = { id: In([...new Set(ids)]) };
  const rows = await scope.find(Runbook, { select: { id: true, name: true }, where });
  return new Map(rows.map(({ id, name }) => [id, name]));
}
