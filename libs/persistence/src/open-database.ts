import { Client } from 'pg';
import { type DataSource } from 'typeorm';
import {
  createDataSource,
  createReadOnlyDataSource,
  migrate,
  type PoolOptions,
  type Schema,
} from './data-source';
import { type Database } from './database';
import { type DatabaseTarget } from './database-target';
import { PostgresDatabase } from './postgres-database';
import { SqliteDatabase } from './sqlite-database';

export interface DatabaseOptions extends PoolOptions {
  readonly target: DatabaseTarget;
  readonly schema: Schema;
  /** The schema's owner, on Postgres, when the serving role owns nothing. */
  readonly migrationTarget?: DatabaseTarget;
}

/** Migrates, then opens. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { target, schema, migrationTarget } = options;
  const grantTo = migrationTarget && target.driver === 'postgres' ? await roleOf(target.url) : undefined;
  await migrate(migrationTarget ?? target, schema, grantTo);
  const dataSource = await createDataSource(target, schema, options).initialize();
  if (target.driver === 'postgres') return new PostgresDatabase(dataSource);
  inOrder(dataSource);
  return new SqliteDatabase(dataSource, await createReadOnlyDataSource(target.file, schema).initialize());
}

async function roleOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ role: string }>('select current_user as role');
    return rows[0]?.role ?? '';
  } finally {
    await client.end();
  }
}

/** The driver runs statements that were started together in any order, unless it is told otherwise. */
function inOrder(dataSource: DataSource): void {
  const { databaseConnection } = dataSource.driver as unknown as {
    databaseConnection: { serialize(): void };
  };
  databaseConnection.serialize();
}
