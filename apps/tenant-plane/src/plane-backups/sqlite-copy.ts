import { closeSync, openSync, rmSync } from 'node:fs';
import { ProcessLock } from '@atlas/persistence';
import { Database, OPEN_READONLY } from 'sqlite3';
import { type BackedUpDatabase, type BackedUpTable } from './backup-manifest';
import { BackupRefused } from './backup-refused';
import { withUnfinished } from './unfinished';

/** Files that SQLite keeps beside a database. */
const COMPANIONS = ['-journal', '-wal', '-shm'];

/**
 * Copies a SQLite database at one moment, while a plane may be writing to it, and lends the copy to `use`.
 * The copy is beside the original, because that disk holds the rows already, and is removed afterwards. The
 * next backup removes a copy that a killed process has left.
 */
export async function withSqliteCopy<T>(file: string, use: (copy: string) => Promise<T>): Promise<T> {
  const copy = `${file}.backup`;
  if (await ProcessLock.isHeld(copy)) throw alreadyRunning();
  const lock = await ProcessLock.take(copy, 0).catch(() => Promise.reject(alreadyRunning()));
  const unfinished = ['', ...COMPANIONS, '.lock', '.lock.pid'].map((suffix) => `${copy}${suffix}`);
  return withUnfinished(unfinished, async () => {
    for (const one of unfinished.slice(0, 1 + COMPANIONS.length)) rmSync(one, { force: true });
    // SQLite would make the copy readable by everyone, but fills an empty file as it is.
    closeSync(openSync(copy, 'wx', 0o600));
    await withReader(file, (run) => run(`vacuum into '${copy.replaceAll("'", "''")}'`));
    return use(copy);
  }).finally(() => lock.release());
}

/** What a SQLite database contains. Throws {@link BackupRefused} if it is damaged. */
export async function contentsOf(run: Run): Promise<BackedUpDatabase> {
  const checks = await run<{ integrity_check: string }>('pragma integrity_check(1)');
  if (checks[0]?.integrity_check !== 'ok')
    throw new BackupRefused(`The database is damaged (${checks[0]?.integrity_check ?? 'no answer'}).`);
  const names = await run<{ name: string }>(
    `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`,
  );
  const tables: Record<string, BackedUpTable> = {};
  for (const { name } of names) {
    const [counted] = await run<{ rows: number }>(`select count(*) as rows from "${name}"`);
    tables[name] = { rows: counted?.rows ?? 0, columns: [] };
  }
  const migrations = await run<{ name: string }>('select name from migrations order by timestamp, id');
  return { driver: 'sqlite', migrations: migrations.map(({ name }) => name), tables, sequences: [] };
}

export type Run = <Row>(sql: string) => Promise<Row[]>;

/** Reads a SQLite file, even while a plane has it open. */
export async function withReader<T>(file: string, use: (run: Run) => Promise<T>): Promise<T> {
  const reader = await new Promise<Database>((resolve, reject) => {
    const opened: Database = new Database(file, OPEN_READONLY, (error) =>
      error ? reject(error) : resolve(opened),
    );
  });
  const run: Run = <Row>(sql: string) =>
    new Promise<Row[]>((resolve, reject) =>
      reader.all<Row>(sql, (error, rows) => (error ? reject(error) : resolve(rows))),
    );
  try {
    return await use(run);
  } finally {
    await new Promise<void>((resolve) => reader.close(() => resolve()));
  }
}

function alreadyRunning(): BackupRefused {
  return new BackupRefused('Another backup of this plane is running. Wait for it to finish.');
}
