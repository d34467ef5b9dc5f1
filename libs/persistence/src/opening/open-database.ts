import { existsSync } from 'node:fs';
import { type DataSource, type EntityManager } from 'typeorm';
import {
  createDataSource,
  createReadOnlyDataSource,
  migrate,
  type PoolOptions,
  type Schema,
} from '../connection/data-source';
import { type Database } from '../database/database';
import { type DatabaseTarget, type SqliteTarget } from '../connection/database-target';
import { NOTICING_SILENCE, PostgresClient } from '../connection/postgres-connection';
import { PostgresDatabase } from '../postgres/postgres-database';
import { SqliteDatabase } from '../sqlite/sqlite-database';
import { readySqliteFile } from '../sqlite/sqlite-file';
import { explainingStorageFaults } from '../sqlite/storage-faults';

export interface DatabaseOptions extends PoolOptions {
  readonly target: DatabaseTarget;
  readonly schema: Schema;
  /** On Postgres, the connection of the schema's owner, needed if the serving role owns nothing. */
  readonly migrationTarget?: DatabaseTarget;
}

/** Migrates the schema, as its owner if that is not the serving role. */
export async function migrateFirst({ target, schema, migrationTarget }: DatabaseOptions): Promise<void> {
  if (target.driver === 'sqlite') return migrateSqlite(target, schema);
  const grantTo = migrationTarget ? await roleOf(target.url.reveal()) : undefined;
  await migrate(migrationTarget ?? target, schema, grantTo);
}

function migrateSqlite(target: SqliteTarget, schema: Schema): Promise<void> {
  return explainingStorageFaults(target.file, async () => {
    await readySqliteFile(target.file, schema);
    await migrate(target, schema);
  });
}

/**
 * Opens a database that has already been migrated. Creates all its connections, except the main connection if
 * that is `given`.
 */
export async function openDatabase(options: DatabaseOptions, given?: DataSource): Promise<Database> {
  const { target, schema } = options;
  const dataSource = given ?? createDataSource(target, schema, options);
  await dataSource.initialize();
  if (target.driver === 'postgres') return new PostgresDatabase(dataSource);
  const openReadOnly = () => createReadOnlyDataSource(target.file, schema).initialize();
  return new SqliteDatabase(dataSource, await openReadOnly(), openReadOnly);
}

/**
 * Reads a database without migrating it, even while a plane uses it. Some tables may be missing. Returns null
 * if there is no such SQLite file.
 */
export async function lookInto<T>(
  { target, schema }: DatabaseOptions,
  look: (reader: DataSource) => Promise<T>,
): Promise<T | null> {
  if (target.driver === 'sqlite' && !existsSync(target.file)) return null;
  const reader =
    target.driver === 'sqlite'
      ? createReadOnlyDataSource(target.file, schema)
      : createDataSource(target, schema, { poolSize: 1 });
  await reader.initialize();
  try {
    return await look(reader);
  } finally {
    await reader.destroy();
  }
}

/**
 * Writes in one short transaction to a database that a running plane may be using, also to a SQLite file that
 * it has locked for other planes. `now` is the time by the clock that the plane's replicas share. Only for
 * rows that no plane writes itself.
 */
export async function writeBeside<T>(
  { target, schema }: DatabaseOptions,
  work: (manager: EntityManager, now: Date) => Promise<T>,
): Promise<T> {
  const writer = await createDataSource(target, schema, { poolSize: 1 }).initialize();
  try {
    const isPostgres = target.driver === 'postgres';
    const [row] = isPostgres ? await writer.query<{ now: Date }[]>('select clock_timestamp() as now') : [];
    const runner = writer.createQueryRunner();
    // On SQLite, a transaction that begins by reading fails if the plane writes before it does.
    await runner.query(isPostgres ? 'begin' : 'begin immediate');
    try {
      const result = await work(runner.manager, row?.now ?? new Date());
      await runner.query('commit');
      return result;
    } catch (error) {
      await runner.query('rollback');
      throw error;
    }
  } finally {
    await writer.destroy();
  }
}

/** Reads as one tenant through the reader of {@link lookInto}. */
export function lookAs<T>(
  reader: DataSource,
  tenantId: string,
  look: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  if (reader.options.type !== 'postgres') return look(reader.manager);
  return reader.transaction(async (manager) => {
    await manager.query('set transaction read only');
    await manager.query(`select set_config('app.tenant_id', $1, true)`, [tenantId]);
    return look(manager);
  });
}

async function roleOf(url: string): Promise<string> {
  const client = new PostgresClient({ connectionString: url, ...NOTICING_SILENCE });
  await client.connect();
  try {
    const { rows } = await client.query<{ role: string }>('select current_user as role');
    return rows[0]?.role ?? '';
  } finally {
    await client.end();
  }
}
