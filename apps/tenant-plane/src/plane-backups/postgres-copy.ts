import { NOTICING_SILENCE, PostgresClient, copyOut } from '@atlas/persistence';
import { type Secret } from '@atlas/platform';
import { type AddedFile } from './backup-archive';
import { type BackedUpDatabase, type BackedUpTable, ROWS } from './backup-manifest';

interface ScopedTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly isScoped: boolean;
}

/** A Postgres database at one moment. Read each table once. */
export class PostgresCopy {
  private constructor(
    private readonly client: PostgresClient,
    private readonly tables: readonly ScopedTable[],
    private readonly tenants: readonly string[],
    private readonly facts: Pick<BackedUpDatabase, 'migrations' | 'sequences'>,
  ) {}

  /**
   * Lends a copy to `use`. One snapshot contains all of it, and the plane keeps writing meanwhile. The role
   * needs no more rights than the plane: row-level security lets it read one tenant after another.
   */
  static async with<T>(url: Secret, use: (copy: PostgresCopy) => Promise<T>): Promise<T> {
    const client = new PostgresClient({ connectionString: url.reveal(), ...NOTICING_SILENCE });
    await client.connect();
    try {
      await client.query('begin isolation level repeatable read read only');
      const tables = (await client.query<ScopedTable>(TABLES)).rows;
      const tenants = (await client.query<{ id: string }>('select id from tenants order by id')).rows;
      const migrations = await client.query<{ name: string }>(
        'select name from migrations order by timestamp, id',
      );
      const sequences = await client.query<{ name: string; last: string }>(SEQUENCES);
      return await use(
        new PostgresCopy(
          client,
          tables,
          tenants.map(({ id }) => id),
          { migrations: migrations.rows.map(({ name }) => name), sequences: sequences.rows },
        ),
      );
    } finally {
      await client.end();
    }
  }

  async row<Row>(sql: string): Promise<Row | undefined> {
    return (await this.client.query(sql)).rows[0] as Row | undefined;
  }

  async *files(): AsyncGenerator<AddedFile> {
    for (const table of this.tables) {
      let part = 0;
      for await (const rows of this.rowsOf(table)) {
        part += 1;
        yield { name: `${ROWS}${table.name}/${part}`, size: rows.length, content: [rows] };
      }
    }
  }

  /** Call it once the rows have been read. */
  contents(rowsOf: (table: string) => number): BackedUpDatabase {
    const tables: Record<string, BackedUpTable> = {};
    for (const { name, columns } of this.tables) tables[name] = { rows: rowsOf(name), columns };
    return { driver: 'postgres', tables, ...this.facts };
  }

  private async *rowsOf({ name, columns, isScoped }: ScopedTable): AsyncGenerator<Buffer> {
    const select = `select ${columns.map(quoted).join(', ')} from ${quoted(name)}`;
    if (!isScoped) return yield* copyOut(this.client, select);
    for (const tenant of this.tenants) {
      await this.client.query(`select set_config('app.tenant_id', $1, true)`, [tenant]);
      // A role that bypasses row-level security must not read a row once for each tenant.
      yield* copyOut(this.client, `${select} where tenant_id = '${tenant}'`);
    }
  }
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The tables of the schema, except that of the migrations, without generated columns. */
const TABLES = `
  select c.relname as name,
         array_agg(a.attname::text order by a.attnum) filter (where a.attgenerated = '') as columns,
         bool_or(a.attname = 'tenant_id') as "isScoped"
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   where c.relkind = 'r' and c.relname <> 'migrations'
   group by c.relname order by c.relname`;

/** Sequences that have been used. */
const SEQUENCES = `
  select sequencename as name, last_value::text as last from pg_sequences
   where schemaname = current_schema() and last_value is not null and sequencename <> 'migrations_id_seq'
   order by sequencename`;
