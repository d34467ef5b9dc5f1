import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import * as sqlite3 from 'sqlite3';
import { DataSource, type DataSourceOptions, type MixedList } from 'typeorm';
import { type DatabaseTarget } from './database-target';
import { NOTICING_SILENCE, PostgresClient } from './postgres-connection';
import { PreparingClient } from './preparing-client';

type Classes = MixedList<new () => object>;

export interface Schema {
  readonly entities: Classes;
  readonly migrations: Classes;
}

export interface PoolOptions {
  /** Maximum number of connections. Applies only to Postgres. */
  readonly poolSize?: number;
}

const SAFE = {
  migrationsRun: false,
  // Without this setting, `findOneBy({ id: undefined })` returns the first row.
  invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
} as const;

/**
 * TypeORM enables sqlite3's verbose mode, which renders the parameters of each call as text and adds them to
 * errors. That is slow and leaks data, so TypeORM is given sqlite3 without that mode.
 */
const SQLITE = { type: 'sqlite', driver: { verbose: () => sqlite3 }, busyTimeout: 5000 } as const;

/**
 * Creates a data source without initialising it. On Postgres, it is pipelined: statements started together
 * are sent together.
 */
export function createDataSource(target: DatabaseTarget, schema: Schema, pool: PoolOptions = {}): DataSource {
  return new DataSource({
    ...connectionOf(target, pool),
    ...schema,
    ...SAFE,
    migrationsTransactionMode: 'each',
  });
}

/**
 * A second, read-only connection to a SQLite file. It sees only committed rows and never joins the writer's
 * transaction.
 */
export function createReadOnlyDataSource(file: string, schema: Schema): DataSource {
  const OPEN_READONLY = 1;
  return new DataSource({
    ...SQLITE,
    database: file,
    flags: OPEN_READONLY,
    ...schema,
    ...SAFE,
    migrations: [],
  });
}

function connectionOf(target: DatabaseTarget, pool: PoolOptions): DataSourceOptions {
  if (target.driver === 'sqlite') {
    mkdirSync(dirname(target.file), { recursive: true, mode: 0o700 });
    return { ...SQLITE, database: target.file, enableWAL: true };
  }
  return {
    type: 'postgres',
    url: target.url.reveal(),
    poolSize: pool.poolSize ?? 10,
    applicationName: 'atlas',
    // Installing extensions needs privileges that an application role does not have.
    installExtensions: false,
    extra: {
      ...NOTICING_SILENCE,
      pipeline: true,
      Client: PreparingClient,
      options: '-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s',
    },
  };
}

const MIGRATION_LOCK = 4_772_601;

/**
 * Migrates the schema as its owner. Any number of processes may start together: a session lock lets one
 * process migrate while the others wait. On Postgres, the serving role `grantTo` owns nothing, so it is
 * granted access to the tables.
 */
export async function migrate(target: DatabaseTarget, schema: Schema, grantTo?: string): Promise<void> {
  const dataSource = await createDataSource(target, schema, { poolSize: 2 }).initialize();
  try {
    await withMigrationLock(target, async () => {
      await dataSource.runMigrations();
      if (grantTo) for (const statement of grants(grantTo)) await dataSource.query(statement);
    });
  } finally {
    await dataSource.destroy();
  }
}

/** Lets one process at a time change a schema; other processes wait. */
export async function withMigrationLock(target: DatabaseTarget, work: () => Promise<void>): Promise<void> {
  if (target.driver === 'sqlite') return work();
  const client = new PostgresClient({ connectionString: target.url.reveal(), ...NOTICING_SILENCE });
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(${MIGRATION_LOCK})`);
    await work();
  } finally {
    await client.end();
  }
}

function grants(role: string): string[] {
  const quoted = `"${role.replaceAll('"', '""')}"`;
  return [
    `grant usage on schema public to ${quoted}`,
    `grant select, insert, update, delete on all tables in schema public to ${quoted}`,
    `grant usage, select on all sequences in schema public to ${quoted}`,
  ];
}
