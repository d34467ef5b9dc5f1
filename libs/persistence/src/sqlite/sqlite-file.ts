import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EnvironmentError } from '@atlas/platform';
import { Database, OPEN_READONLY, OPEN_READWRITE, OPEN_URI } from 'sqlite3';
import { type Schema, migrate } from '../connection/data-source';
import { ProcessLock } from './process-lock';

const SQLITE_MAGIC = 'SQLite format 3\0';
/** Suffixes of the files that SQLite keeps beside an open database, and leaves behind if its process dies. */
const COMPANIONS = ['-wal', '-shm', '-journal'];
/** Files up to this size are checked completely at each start. The check takes a fraction of a second. */
const SMALL_BYTES = 32 * 1024 * 1024;

/**
 * Creates the file if it is missing. Throws {@link EnvironmentError} if it is damaged or has another schema.
 */
export async function readySqliteFile(file: string, schema: Schema): Promise<void> {
  const problem = await sqliteFileProblem(file, schema);
  if (problem !== undefined) throw new EnvironmentError([problem], 'The database cannot be used');
  if (!existsSync(file)) await createWhole(file, schema);
}

/**
 * Says what prevents a plane with this schema from using the file, and what to do about it. Returns undefined
 * if the file can be used or does not exist yet.
 */
export async function sqliteFileProblem(file: string, schema: Schema): Promise<string | undefined> {
  if (!existsSync(file)) return missingProblem(file);
  const damage = startDamage(file) ?? (await innerDamage(file, schema));
  if (damage === undefined) return undefined;
  const companions = COMPANIONS.map((suffix) => `${file}${suffix}`).filter((path) => existsSync(path));
  const all = [file, ...companions].join(', ');
  // A write-ahead log left beside a restored file would corrupt that file.
  return (
    `${file} ${damage}. Move it away (${all}), then restore it from a backup or start over without its ` +
    'data'
  );
}

function missingProblem(file: string): string | undefined {
  const link = lstatSync(file, { throwIfNoEntry: false });
  if (link?.isSymbolicLink())
    return (
      `${file} is a link to ${readlinkSync(file)}, which is missing. Mount the volume that contains it, ` +
      'put the file back, or remove the link to start over'
    );
  const left = COMPANIONS.map((suffix) => `${file}${suffix}`).filter((path) => existsSync(path));
  if (left.length === 0) return undefined;
  return (
    `${file} is missing, but files that belong to it are still there (${left.join(', ')}). Put the file ` +
    'back; or move these away, then restore it from a backup or start over'
  );
}

/** Damage visible in the first bytes, without opening the file as a database. */
function startDamage(file: string): string | undefined {
  const found = statSync(file);
  // Docker creates a folder if the file to be mounted is missing.
  if (found.isDirectory()) return 'is a folder, not a database';
  if (found.size === 0) return 'is empty (0 bytes)';
  const start = Buffer.alloc(SQLITE_MAGIC.length);
  const opened = openSync(file, 'r');
  try {
    readSync(opened, start, 0, start.length, 0);
  } finally {
    closeSync(opened);
  }
  return start.toString('latin1') === SQLITE_MAGIC
    ? undefined
    : 'is not a SQLite database, or its beginning has been overwritten';
}

async function innerDamage(file: string, schema: Schema): Promise<string | undefined> {
  try {
    const isSmall = statSync(file).size <= SMALL_BYTES;
    const { checks, migrations } = await lookInside(file, isSmall);
    if (checks.some((check) => check !== 'ok')) return `is damaged (${checks.join('; ')})`;
    const [oldest] = migrations;
    if (oldest === undefined) return "contains none of this plane's tables";
    return namesOf(schema).includes(oldest)
      ? undefined
      : `belongs to another plane or program (its first migration is ${oldest}). If you meant a different ` +
          'file, name that one';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'SQLITE_CORRUPT' && code !== 'SQLITE_NOTADB') throw error;
    return `is damaged or truncated (${message})`;
  }
}

interface Inside {
  /** The results of SQLite's `quick_check`; empty if it was not run. */
  readonly checks: readonly string[];
  /** Names of the applied migrations, oldest first. */
  readonly migrations: readonly string[];
}

/**
 * Opening a file makes SQLite read the first page and check the length, so truncated files of any size are
 * detected.
 */
async function lookInside(file: string, isWhole: boolean): Promise<Inside> {
  const reader = await openReadOnly(file);
  try {
    const tables = await all(reader, `select name from sqlite_master where name = 'migrations'`);
    const checks = isWhole ? await all<{ quick_check: string }>(reader, 'pragma quick_check(1)') : [];
    const migrations = tables.length
      ? await all<{ name: string }>(reader, 'select name from migrations order by timestamp, id')
      : [];
    return { checks: checks.map((row) => row.quick_check), migrations: migrations.map(({ name }) => name) };
  } finally {
    await close(reader);
  }
}

/**
 * Opens a file without creating other files beside it. If there is no log, the file is opened as immutable.
 */
function openReadOnly(file: string): Promise<Database> {
  const isAtRest = !['-wal', '-journal'].some((suffix) => existsSync(`${file}${suffix}`));
  const url = `${pathToFileURL(file).href}${isAtRest ? '?immutable=1' : ''}`;
  return open(url, OPEN_READONLY | OPEN_URI);
}

function open(file: string, flags: number): Promise<Database> {
  return new Promise((resolve, reject) => {
    const opened: Database = new Database(file, flags, (error) => (error ? reject(error) : resolve(opened)));
  });
}

function all<Row>(database: Database, sql: string): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    database.all(sql, (error, rows) => (error ? reject(error) : resolve(rows as Row[])));
  });
}

function close(database: Database): Promise<void> {
  return new Promise((resolve) => database.close(() => resolve()));
}

function namesOf({ migrations }: Schema): string[] {
  const classes = Array.isArray(migrations) ? migrations : Object.values(migrations);
  return classes.map((migration) => (migration as { name: string }).name);
}

/**
 * Creates the file under a temporary name and renames it once it is complete. Any existing file was therefore
 * complete at some time, so an empty file has lost its data. The next start removes a draft that a killed
 * process has left behind.
 */
async function createWhole(file: string, schema: Schema): Promise<void> {
  const draft = `${file}.new`;
  const lock = await ProcessLock.take(draft).catch((error: unknown) => {
    // The previous holder created the file and removed the lock file that this process was about to lock.
    if (existsSync(file)) return undefined;
    throw error;
  });
  try {
    if (existsSync(file)) return;
    removeDraft(draft);
    // SQLite would make the file readable by everyone. The files that SQLite later adds beside it get the
    // same mode.
    closeSync(openSync(draft, 'wx', 0o600));
    await migrate({ driver: 'sqlite', file: draft }, schema);
    await requireWhole(draft);
    putInPlace(draft, file);
    syncFolder(dirname(file));
  } finally {
    if (lock) removeDraft(draft);
    // A process that starts late may recreate the lock file, but removes it again here. Once the database
    // exists, no process waits for this lock.
    if (lock && existsSync(file)) rmSync(`${draft}.lock`, { force: true });
    await lock?.release();
  }
}

/** Writes the log back into a file that no process has open. Throws the error from SQLite if that fails. */
export async function writeLogBack(file: string): Promise<void> {
  if (!existsSync(`${file}-wal`)) return;
  const opened = await open(file, OPEN_READWRITE);
  try {
    await all(opened, 'pragma wal_checkpoint(truncate)');
  } finally {
    await close(opened);
  }
}

/**
 * Throws if the log could not be written back. On a full disk, closing a file silently leaves its log behind.
 */
async function requireWhole(draft: string): Promise<void> {
  await writeLogBack(draft);
  if (existsSync(`${draft}-wal`)) throw new Error(`${draft} could not be written completely.`);
}

/** Never overwrites a file that appeared in the meantime, such as a backup being copied in. */
function putInPlace(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new EnvironmentError([`Another process has just created ${file}. Start again to use it`]);
    // The file system does not support hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    renameSync(draft, file);
  }
}

function removeDraft(draft: string): void {
  for (const suffix of ['', ...COMPANIONS]) rmSync(`${draft}${suffix}`, { force: true });
}

/** Otherwise a power failure could lose the new directory entry, and the file with it. */
function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
