import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asAdmin } from './roles';
import {
  type DatabaseDriver,
  type TestDatabase,
  createDatabase,
  createPostgres,
  createTestDatabase,
  testServerUrl,
} from './test-database';

/** Postgres's error code for a missing template. */
const INVALID_CATALOG_NAME = '3D000';

export interface MadeDatabase<T> {
  readonly database: TestDatabase;
  readonly made: T;
}

/**
 * A new database in the state that `make` produces from an empty database, and the result of `make` (as
 * JSON). `make` runs once per test run. Its database is then copied, so `make` must leave no connection open.
 */
export async function createKeptDatabase<T>(
  driver: DatabaseDriver,
  name: string,
  make: (database: TestDatabase) => Promise<T>,
): Promise<MadeDatabase<T>> {
  const kept = KeptDatabase.ofThisRun(name);
  const clone = driver === 'postgres' ? await kept?.clone() : undefined;
  if (kept && clone) return { database: clone, made: kept.madeOf(clone) as T };
  const database = await createTestDatabase(driver);
  return { database, made: await keptOrMade(database, name, () => make(database)) };
}

/** Brings an empty `database` to the state that `make` produces. */
export async function keptOrMade<T>(
  database: TestDatabase,
  name: string,
  make: () => Promise<T>,
): Promise<T> {
  const kept = KeptDatabase.ofThisRun(name);
  if (!kept) return make();
  if (await kept.copyTo(database)) return kept.madeOf(database) as T;
  const made = await make();
  await kept.keep(database, made);
  return made;
}

class KeptDatabase {
  private constructor(
    /** The folder of this test run. */
    private readonly run: string,
    private readonly name: string,
  ) {}

  /** Undefined outside a test run, since only a run keeps databases. */
  static ofThisRun(name: string): KeptDatabase | undefined {
    const run = process.env['ATLAS_TEST_RUN'];
    return run ? new KeptDatabase(run, name) : undefined;
  }

  /** Returns false if no database is kept yet. */
  async copyTo(database: TestDatabase): Promise<boolean> {
    if (database.driver === 'postgres') return this.cloneTo(nameOf(database));
    if (!existsSync(this.file)) return false;
    copySqlite(this.file, database.url);
    return true;
  }

  /** A new database on the server. Undefined if there is no database to copy yet. */
  clone(): Promise<TestDatabase | undefined> {
    return createPostgres(testServerUrl(), { template: this.template }).catch((error: { code?: string }) => {
      if (error.code === INVALID_CATALOG_NAME) return undefined;
      throw error;
    });
  }

  madeOf({ driver }: TestDatabase): unknown {
    return JSON.parse(readFileSync(this.factsFile(driver), 'utf8'));
  }

  /** If several callers offer a database at once, keeps the first one and its result. */
  async keep(database: TestDatabase, made: unknown): Promise<void> {
    const facts = JSON.stringify(made ?? null);
    if (database.driver === 'postgres') return this.keepClone(nameOf(database), facts);
    if (!claim(this.factsFile('sqlite'), facts)) return;
    copySqlite(database.url, `${this.file}.new`);
    for (const part of SQLITE_PARTS)
      if (existsSync(`${this.file}.new${part}`)) renameSync(`${this.file}.new${part}`, `${this.file}${part}`);
  }

  private cloneTo(name: string): Promise<boolean> {
    return asAdmin(testServerUrl(), async (admin) => {
      const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [this.template]);
      if (!rowCount) return false;
      await admin.query(`drop database ${name}`);
      await admin.query(createDatabase(name, this.template));
      return true;
    });
  }

  private async keepClone(name: string, facts: string): Promise<void> {
    if (!claim(this.factsFile('postgres'), facts)) return;
    const clone = `${this.template}_new`;
    await asAdmin(testServerUrl(), async (admin) => {
      await admin.query(createDatabase(clone, name));
      await admin.query(`alter database ${clone} rename to ${this.template}`);
    });
  }

  private get file(): string {
    return join(this.run, `${this.name}.db`);
  }

  private factsFile(driver: DatabaseDriver): string {
    return join(this.run, `${this.name}.${driver}.json`);
  }

  private get template(): string {
    return `kept_${basename(this.run)}_${this.name}`.toLowerCase().replaceAll(/\W/g, '_');
  }
}

/** Lets only one of several concurrent callers write the file. */
function claim(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/**
 * The latest writes may still be in the write-ahead log. The database file itself is copied last, since its
 * existence shows that the copy is complete.
 */
const SQLITE_PARTS = ['-wal', ''];

function copySqlite(from: string, to: string): void {
  for (const part of SQLITE_PARTS)
    if (existsSync(`${from}${part}`)) copyFileSync(`${from}${part}`, `${to}${part}`);
}

function nameOf({ url }: TestDatabase): string {
  return new URL(url).pathname.slice(1);
}
