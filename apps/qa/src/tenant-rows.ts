import { type DatabaseDriver, createDataSource, databaseTarget } from '@atlas/persistence';
import { type TestDatabase, eventually, testServerUrl } from '@atlas/testing';
import { type DataSource } from 'typeorm';

/**
 * Accesses a plane's database directly, bypassing the plane's safeguards, as someone with access to its disk
 * could.
 */
export class TenantRows {
  private constructor(
    readonly driver: DatabaseDriver,
    private readonly source: DataSource,
    /** Tables with a column `tenant_id`. */
    private readonly tables: readonly string[],
  ) {}

  /** `adminUrl`: the server of the database, if it is not the server that all tests share. */
  static async open({ driver, url }: TestDatabase, adminUrl?: string): Promise<TenantRows> {
    const asSuperuser = (): string => new URL(new URL(url).pathname, adminUrl ?? testServerUrl()).toString();
    const target = databaseTarget(driver === 'postgres' ? asSuperuser() : url);
    const source = await createDataSource(
      target,
      { entities: [], migrations: [] },
      { poolSize: 1 },
    ).initialize();
    const tables = await source.query<{ name: string }[]>(TABLES[driver]);
    const names = tables.map(({ name }) => name).filter((name) => !OF_THE_PLANE.includes(name));
    return new TenantRows(driver, source, names.sort());
  }

  query<T = unknown>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.source.query<T[]>(sql, parameters);
  }

  /**
   * Every row of the tenant, serialised as text. Equal rows give equal text on any plane, so the tenant's
   * keys are left out: each plane seals them under its own key.
   */
  async of(tenantId: string): Promise<string[]> {
    const rows: string[] = [];
    for (const table of this.tables) {
      const found = await this.query(`select * from ${table} where tenant_id = $1`, [tenantId]);
      rows.push(...found.map((row) => `${table} ${JSON.stringify(row, withoutKey)}`).sort());
    }
    return rows;
  }

  /** The names of all tables, including those that libraries create. */
  async tablesOfAll(): Promise<string[]> {
    const tables = await this.query<{ name: string }>(ALL_TABLES[this.driver]);
    return tables.map(({ name }) => name);
  }

  /** Waits until the audit trails are sealed. After that, no row changes by itself. */
  async settle(): Promise<void> {
    const isSealed = async (): Promise<boolean> =>
      (await this.query('select 1 from audit_events where position is null limit 1')).length === 0;
    await eventually(isSealed, { timeoutMs: 30_000, what: 'the audit trails are sealed' });
  }

  /** Whether a statement waits for a lock. Postgres only. */
  async hasWaitingLock(): Promise<boolean> {
    const waiting = await this.query(
      `select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' limit 1`,
    );
    return waiting.length > 0;
  }

  /** Gives the space of SQLite's write-ahead log back to the disk. Later writes need space for a new one. */
  async shrinkLog(): Promise<void> {
    if (this.driver === 'sqlite') await this.query('pragma wal_checkpoint(truncate)');
  }

  close(): Promise<void> {
    return this.source.destroy();
  }
}

function withoutKey(column: string, value: unknown): unknown {
  return column === 'sealed_key' ? undefined : value;
}

/** Tables in which the plane tracks moving tenants. Their rows belong to the plane, not to the tenant. */
const OF_THE_PLANE = ['tracked_tenants', 'row_changes'];

const ALL_TABLES = {
  postgres: `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
    from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  sqlite: `select name from sqlite_master where type = 'table'`,
};

const TABLES = {
  postgres: `select table_name as name from information_schema.columns
    where table_schema = 'public' and column_name = 'tenant_id'`,
  sqlite: `select m.name as name from sqlite_master m join pragma_table_info(m.name) c
    where m.type = 'table' and c.name = 'tenant_id'`,
};
