import { Client } from 'pg';

const TABLES = ['tenants', 'placements', 'provisioning_jobs', 'audit_events', 'idempotency_keys'];

export type RowCounts = Readonly<Record<string, number>>;

export async function rowCounts(url: string): Promise<RowCounts> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const counts: Record<string, number> = {};
    for (const table of TABLES) {
      const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${table}`);
      counts[table] = rows[0]?.count ?? 0;
    }
    return counts;
  } finally {
    await client.end();
  }
}

/**
 * Throws unless each table grew by `count` rows between `before` and `after`. Otherwise the comparison would
 * be invalid.
 */
export function requireOneRowEach(before: RowCounts, after: RowCounts, count: number): void {
  for (const table of TABLES) {
    const added = (after[table] ?? 0) - (before[table] ?? 0);
    if (added !== count) throw new Error(`${count} requests added ${added} rows to ${table}.`);
  }
}
