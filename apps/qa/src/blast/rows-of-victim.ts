import { type TestDatabase } from '@atlas/testing';
import { TenantRows } from '../tenant-rows';
import { marksOf } from './attempts';
import { type Scene } from './scene';

const TABLES = {
  postgres: `select table_name as name from information_schema.tables where table_schema = 'public'`,
  sqlite: `select name from sqlite_master where type = 'table'`,
};

/** Written behind the victim's own last calls. */
const BEHIND = { tables: ['request_nonces'], columns: ['last_used_at'] };

/** Every row of the Control Plane that tells of the victim, as text. */
export async function rowsOfVictim(database: TestDatabase, victim: Scene['victim']): Promise<string[]> {
  const disk = await TenantRows.open(database);
  const marks = marksOf(victim);
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

function without(column: string, value: unknown): unknown {
  return BEHIND.columns.includes(column) ? undefined : value;
}
