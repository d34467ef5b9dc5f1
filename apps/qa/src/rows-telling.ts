import { type TestDatabase } from '@atlas/testing';
import { TenantRows } from './tenant-rows';

const TABLES = {
  postgres: `select table_name as name from information_schema.tables where table_schema = 'public'`,
  sqlite: `select name from sqlite_master where type = 'table'`,
};

/** Tables and columns that are written in the background, independently of calls. */
const BEHIND = { tables: ['request_nonces'], columns: ['last_used_at', 'position', 'hash'] };

/** Every row of a Control Plane's database that contains one of the given strings, serialised as text. */
export async function rowsTelling(database: TestDatabase, marks: readonly string[]): Promise<string[]> {
  const disk = await TenantRows.open(database);
  const rows: string[] = [];
  for (const { name } of await disk.query<{ name: string }>(TABLES[database.driver])) {
    if (BEHIND.tables.includes(name)) continue;
    const found = await disk.query<Record<string, unknown>>(`select * from ${name}`);
    const texts = found.map((row) => `${name} ${JSON.stringify(row, without)}`);
    rows.push(...texts.filter((text) => marks.some((mark) => text.includes(mark))));
  }
  await disk.close();
  return rows.sort();
}

/** How many rows were added, removed or changed between two readings. */
export function changesOf(before: readonly string[], after: readonly string[]): number {
  const missing = (some: readonly string[], others: readonly string[]): number => {
    const known = new Set(others);
    return some.filter((row) => !known.has(row)).length;
  };
  return Math.max(missing(before, after), missing(after, before));
}

function without(column: string, value: unknown): unknown {
  return BEHIND.columns.includes(column) ? undefined : value;
}
