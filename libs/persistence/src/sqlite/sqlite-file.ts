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
/** What SQLite keeps beside a file that is open, or was when its process died. */
const COMPANIONS = ['-wal', '-shm', '-journal'];
/** Up to this size a file is read as a whole at each start, which takes a fraction of a second. */
const SMALL_BYTES = 32 * 1024 * 1024;

/** Makes the file where there is none. Throws {@link EnvironmentError} when it is not the whole file of this schema. */
export async function readySqliteFile(file: string, schema: Schema): Promise<void> {
  const problem = await sqliteFileProblem(file, schema);
  if (problem !== undefined) throw new EnvironmentError([problem], 'The database cannot be used');
  if (!existsSync(file)) await createWhole(file, schema);
}

/** Says what keeps a plane with this schema from using the file, and what to do; undefined for one that is yet to be made. */
export async function sqliteFileProblem(file: string, schema: Schema): Promise<string | undefined> {
  if (!existsSync(file)) return missingProblem(file);
  const damage = startDamage(file) ?? (await innerDamage(file, schema));
  if (damage === undefined) return undefined;
  const companions = COMPANIONS.map((suffix) => `${file}${suffix}`).filter((path) => existsSync(path));
  const all = [file, ...companions].join(', ');
  // A write-ahead log beside a file of another time would damage that.
  return `${file} ${damage}. Move it away (${all}), then restore it from a backup or begin anew without its data`;
}

function missingProblem(file: string): string | undefined {
  const link = lstatSync(file, { throwIfNoEntry: false });
  if (link?.isSymbolicLink())
    return `${file} is a link to ${readlinkSync(file)}, which is missing. Mount what it lies on, or put the file back; or remove the link to begin anew`;
  const left = COMPANIONS.map((suffix) => `${file}${suffix}`).filter((path) => existsSync(path));
  if (left.length === 0) return undefined;
  return `${file} is missing, but what belongs to it is there (${left.join(', ')}). Put the file back; or move these away, then restore it from a backup or begin anew`;
}

/** Of what the first bytes tell, without opening it as a database. */
function startDamage(file: string): string | undefined {
  const found = statSync(file);
  // Docker makes one where a file that is to be mounted is missing.
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
    : 'is not a SQLite database, or its start is overwritten';
}

async function innerDamage(file: string, schema: Schema): Promise<string | undefined> {
  try {
    const isSmall = statSync(file).size <= SMALL_BYTES;
    const { checks, migrations } = await lookInside(file, isSmall);
    if (checks.some((check) => check !== 'ok')) return `is damaged (${checks.join('; ')})`;
    const [oldest] = migrations;
    if (oldest === undefined) return 'holds no tables of this plane';
    return namesOf(schema).includes(oldest)
      ? undefined
      : `belongs to another plane or program (its first migration is ${oldest}). If another file was meant, name that`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'SQLITE_CORRUPT' && code !== 'SQLITE_NOTADB') throw error;
    return `is damaged or cut short (${message})`;
  }
}

interface Inside {
  /** What SQLite has to say of its structure. */
  readonly checks: readonly string[];
  /** Names, oldest first. */
  readonly migrations: readonly string[];
}

/** To open a file reads its first page and compares its length: that finds one that was cut short, whatever its size. */
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

/** Leaves nothing beside it: where no write-ahead log is, SQLite is told that nobody writes, and makes none. */
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
 * Made under another name and moved to its own when it is whole: a file that is there was finished once, so one that is
 * empty has lost something. What a killed start has left is thrown away by the next.
 */
async function createWhole(file: string, schema: Schema): Promise<void> {
  const draft = `${file}.new`;
  const lock = await ProcessLock.take(draft).catch((error: unknown) => {
    // Whoever had it has made the file, and taken the lock's own file away under us.
    if (existsSync(file)) return undefined;
    throw error;
  });
  try {
    if (existsSync(file)) return;
    removeDraft(draft);
    // SQLite would make it readable by everybody; what it puts beside it later has the same mode.
    closeSync(openSync(draft, 'wx', 0o600));
    await migrate({ driver: 'sqlite', file: draft }, schema);
    await requireWhole(draft);
    putInPlace(draft, file);
    syncFolder(dirname(file));
  } finally {
    if (lock) removeDraft(draft);
    // Also by one who came so late that it made the lock's file anew: where the file is, nobody waits for it to be made.
    if (lock && existsSync(file)) rmSync(`${draft}.lock`, { force: true });
    await lock?.release();
  }
}

/** Leaves no log beside a file that nobody has open. Throws what SQLite says when it cannot. */
export async function writeLogBack(file: string): Promise<void> {
  if (!existsSync(`${file}-wal`)) return;
  const opened = await open(file, OPEN_READWRITE);
  try {
    await all(opened, 'pragma wal_checkpoint(truncate)');
  } finally {
    await close(opened);
  }
}

/** To close a file writes its log into it. On a full disk that fails without a word, and the log stays. */
async function requireWhole(draft: string): Promise<void> {
  await writeLogBack(draft);
  if (existsSync(`${draft}-wal`)) throw new Error(`${draft} could not be written to its end.`);
}

/** Never over a file that has come meanwhile, such as a backup that is copied in. */
function putInPlace(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new EnvironmentError([`${file} has just been put there by somebody else. Start again to use it`]);
    // A file system without hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    renameSync(draft, file);
  }
}

function removeDraft(draft: string): void {
  for (const suffix of ['', ...COMPANIONS]) rmSync(`${draft}${suffix}`, { force: true });
}

/** A name that is only in memory would be gone after a power cut, and the file with it. */
function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
