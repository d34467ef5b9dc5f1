import { type DataSource, type EntityManager } from 'typeorm';

/** The error that the triggers in a SQLite file raise for a row of another tenant. */
const REFUSAL = 'foreign_tenant';
const PREFIX = 'only_tenant_';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Trigger {
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

type Reader = Pick<EntityManager | DataSource, 'query'>;

/**
 * SQLite has no row-level security. Instead, a file for only one tenant has two triggers on each table with a
 * `tenant_id`, which refuse rows of other tenants. They are generated from the catalog, so no table can be
 * forgotten. Returns the tables that got new triggers.
 */
export async function fixToTenant(manager: EntityManager, tenantId: string): Promise<string[]> {
  const there = await triggersIn(manager);
  const wanted = triggersFor(await scopedTables(manager), tenantId);
  const wrong = there.filter(({ sql }) => !wanted.some((trigger) => trigger.sql === sql));
  const missing = wanted.filter(({ sql }) => !there.some((trigger) => trigger.sql === sql));
  for (const { name } of wrong) await manager.query(`drop trigger ${name}`);
  for (const { sql } of missing) await manager.query(sql);
  return [...new Set(missing.map(({ table }) => table))];
}

/** The tenant that a SQLite file is fixed to; null if there is none. */
export async function tenantOfFile(reader: Reader): Promise<string | null> {
  const [trigger] = await triggersIn(reader);
  return /is not '([0-9a-f-]{36})'/.exec(trigger?.sql ?? '')?.[1] ?? null;
}

/** The tables that would accept a row of another tenant. */
export async function singleTenantProblems(reader: Reader, tenantId: string): Promise<string[]> {
  const there = (await triggersIn(reader)).map(({ sql }) => sql);
  const missing = triggersFor(await scopedTables(reader), tenantId).filter(({ sql }) => !there.includes(sql));
  return missing.map(({ table, name }) => `table ${table}: trigger ${name} is missing or different`);
}

/** The tables that contain rows of another tenant. */
export async function tablesOfOthers(reader: Reader, tenantId: string): Promise<string[]> {
  const found: string[] = [];
  for (const table of await scopedTables(reader)) {
    const rows = await reader.query<unknown[]>(`select 1 from ${table} where tenant_id <> $1 limit 1`, [
      tenantId,
    ]);
    if (rows.length > 0) found.push(table);
  }
  return found;
}

function triggersFor(tables: readonly string[], tenantId: string): Trigger[] {
  // The id is inserted into a statement without escaping.
  if (!UUID.test(tenantId)) throw new Error('A tenant id must be a UUID.');
  return tables.flatMap((table) =>
    ['insert', 'update'].map((operation) => {
      const name = `${PREFIX}${table}_${operation}`;
      const when = `before ${operation} on ${table} when new.tenant_id is not '${tenantId}'`;
      return {
        name,
        table,
        sql: `create trigger ${name} ${when} begin select raise(abort, '${REFUSAL}'); end`,
      };
    }),
  );
}

async function triggersIn(reader: Reader): Promise<Trigger[]> {
  const rows = await reader.query<Trigger[]>(
    `select name, tbl_name as "table", sql from sqlite_master where type = 'trigger' and ` +
      `substr(name, 1, ${PREFIX.length}) = $1`,
    [PREFIX],
  );
  // SQLite stores the text of a trigger as given, except for the first two words.
  return rows.map((row) => ({ ...row, sql: row.sql.replace(/^create trigger/i, 'create trigger') }));
}

async function scopedTables(reader: Reader): Promise<string[]> {
  const rows = await reader.query<{ name: string }[]>(
    `select m.name as name from sqlite_master m join pragma_table_info(m.name) c
      where m.type = 'table' and c.name = 'tenant_id' order by m.name`,
  );
  return rows.map(({ name }) => name);
}
