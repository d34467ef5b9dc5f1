import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Schema, createDataSource, databaseTarget, withMigrationLock } from '@atlas/persistence';
import { type Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DataSource, MigrationExecutor, type MixedList, type QueryRunner } from 'typeorm';
import { PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { TENANT_PLANE_SCHEMA } from '../schema/tenant-plane-schema';
import { type BackupManifest, ROWS } from './backup-manifest';
import { BackupRefused } from './backup-refused';
import { quoted } from './postgres-copy';
import { renew } from './restored-identity';

/** Stores the rows of a table, in COPY's text format. */
export type Load = (table: string, rows: AsyncIterable<Buffer>) => Promise<void>;

/**
 * Restores a database in one transaction, so that a restore that fails or is killed leaves it empty. `read`
 * reads the archive, and loads each part of a table. Returns the incarnation, or null if an earlier attempt
 * has already restored this backup here. Throws {@link BackupRefused} if the database is not empty.
 */
export async function restorePostgres(
  url: string,
  backup: BackupManifest,
  read: (load: Load) => Promise<void>,
): Promise<string | null> {
  const target = databaseTarget(url);
  let incarnation: string | null = null;
  await withMigrationLock(target, async () => {
    const dataSource = await connected(url);
    const runner = dataSource.createQueryRunner();
    try {
      if (await isRestored(runner, backup)) return;
      await runner.startTransaction();
      await migrateTo(runner, backup.database.migrations);
      await loadAll(runner, backup, read);
      // Migrations of a newer version than the backup's.
      await migrateTo(runner);
      incarnation = await renew(runner.manager, backup);
      await runner.commitTransaction();
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      await runner.release();
      await dataSource.destroy();
    }
  });
  return incarnation;
}

/** A pipelined connection could not run COPY, and a restore may pause for long between statements. */
async function connected(url: string): Promise<DataSource> {
  const { options } = createDataSource(databaseTarget(url), TENANT_PLANE_SCHEMA, { poolSize: 1 });
  const extra = { ...(options.extra as object), pipeline: false, options: '-c lock_timeout=10s' };
  return new DataSource({ ...options, extra } as typeof options).initialize();
}

/** Throws {@link BackupRefused} if the database contains anything else. */
async function isRestored(runner: QueryRunner, { id }: BackupManifest): Promise<boolean> {
  const [found] = (await runner.query(`
    select count(*)::integer as relations from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
     where not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')`)) as {
    relations: number;
  }[];
  if (found?.relations === 0) return false;
  const known = await runner.manager.findOneBy(PlaneIdentity, { id: 1 }).catch(() => null);
  if (known?.restoredFrom === id) return true;
  throw new BackupRefused('The database is not empty. Create a new one, and restore into that.');
}

/** Creates the tables as this version's first migrations do, or updates them to this version. */
async function migrateTo(runner: QueryRunner, names?: readonly string[]): Promise<void> {
  const migrations = TENANT_PLANE_SCHEMA.migrations as (new () => object)[];
  const wanted = names ? migrations.filter(({ name }) => names.includes(name)) : migrations;
  const schema: Schema & { readonly migrations: MixedList<new () => object> } = {
    entities: [],
    migrations: wanted,
  };
  const { options } = runner.connection;
  const described = new DataSource({ ...options, ...schema } as typeof options);
  // Builds the list of migrations without a connection.
  await (described as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  const executor = new MigrationExecutor(described, runner);
  executor.transaction = 'none';
  await executor.executePendingMigrations();
}

async function loadAll(
  runner: QueryRunner,
  { database }: BackupManifest,
  read: (load: Load) => Promise<void>,
): Promise<void> {
  const client = (await runner.connect()) as Client;
  const tables = Object.keys(database.tables).map(quoted);
  const forced = ((await runner.query(FORCED)) as { name: string }[]).map(({ name }) => quoted(name));
  const references = (await runner.query(REFERENCES)) as Reference[];
  // Rows arrive in any order, no trigger may change them, and COPY works only without row-level security.
  // Nobody sees any of this, because it is over before the commit.
  for (const { owner, name } of references)
    await runner.query(`alter table ${owner} drop constraint ${name}`);
  for (const table of tables) await runner.query(`alter table ${table} disable trigger user`);
  for (const table of forced) await runner.query(`alter table ${table} no force row level security`);
  // Migrations add some rows, which the backup contains too.
  for (const table of tables) await runner.query(`delete from ${table}`);
  await read(async (table, rows) => {
    const columns = database.tables[table]?.columns.map(quoted).join(', ');
    const into = copyFrom(`copy ${quoted(table)} (${columns}) from stdin`);
    await pipeline(rows, client.query(into) as unknown as NodeJS.WritableStream & Readable);
  });
  for (const { owner, name, definition } of references)
    await runner.query(`alter table ${owner} add constraint ${name} ${definition}`);
  for (const table of forced) await runner.query(`alter table ${table} force row level security`);
  for (const table of tables) await runner.query(`alter table ${table} enable trigger user`);
  for (const { name, last } of database.sequences)
    await runner.query('select setval($1::regclass, $2::bigint)', [quoted(name), last]);
}

/** The name of the archive's file says which table its rows belong to. */
export function tableOf(name: string): string {
  return name.slice(ROWS.length, name.lastIndexOf('/'));
}

interface Reference {
  readonly owner: string;
  readonly name: string;
  readonly definition: string;
}

const FORCED = `
  select c.relname as name from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
   where c.relkind = 'r' and c.relforcerowsecurity`;

const REFERENCES = `
  select conrelid::regclass::text as owner, quote_ident(conname) as name,
         pg_get_constraintdef(k.oid) as definition
    from pg_constraint k
    join pg_namespace n on n.oid = k.connamespace and n.nspname = current_schema()
   where k.contype = 'f' order by owner, name`;
