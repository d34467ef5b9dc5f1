import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EnvironmentError, identityOf, isRunning } from '@atlas/platform';
import { Database } from 'sqlite3';
import { explainingStorageFaults } from './storage-faults';

/** How long to wait for a predecessor that is shutting down. */
const PATIENCE_MS = 5000;

/**
 * Limits a SQLite file to one plane process, because queued writers, wake-ups and nonces are kept in that
 * process's memory. The lock is an exclusive transaction on a separate file beside it. The operating system
 * releases it when the process exits, even after a crash.
 */
export class ProcessLock {
  private constructor(
    private readonly file: string,
    private readonly held: Database,
  ) {}

  /** Throws {@link EnvironmentError} if another process holds the lock, or if the folder is not writable. */
  static async take(file: string, patienceMs = PATIENCE_MS): Promise<ProcessLock> {
    const lock = await explainingStorageFaults(file, () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      return ProcessLock.acquire(file, patienceMs);
    });
    if (!lock) throw inUse(file);
    noteHolder(file);
    return lock;
  }

  /** Whether any process holds the lock. Does not create a lock file. */
  static async isHeld(file: string): Promise<boolean> {
    if (!existsSync(lockFile(file))) return false;
    const lock = await ProcessLock.acquire(file, 0);
    await lock?.close();
    return lock === undefined;
  }

  async release(): Promise<void> {
    rmSync(holderFile(this.file), { force: true });
    await this.close();
  }

  /** Returns undefined if another process holds the lock. */
  private static async acquire(file: string, patienceMs: number): Promise<ProcessLock | undefined> {
    const database = await new Promise<Database>((resolve, reject) => {
      const opened: Database = new Database(lockFile(file), (error) =>
        error ? reject(error) : resolve(opened),
      );
    });
    database.configure('busyTimeout', patienceMs);
    const lock = new ProcessLock(file, database);
    const refusal = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      database.exec('begin exclusive', (error) => resolve(error));
    });
    if (refusal === null) return lock;
    await lock.close();
    if (refusal.code === 'SQLITE_BUSY') return undefined;
    throw refusal;
  }

  private async close(): Promise<void> {
    await new Promise<void>((resolve) => this.held.close(() => resolve()));
  }
}

/**
 * The pid of the process that holds a SQLite file's lock; undefined if unknown. A process that merely reuses
 * the pid of an earlier holder is not returned. To find out whether the lock is held, use {@link
 * ProcessLock.isHeld}.
 */
export function lockHolder(file: string): number | undefined {
  try {
    const { pid, ...identity } = JSON.parse(readFileSync(holderFile(file), 'utf8')) as Holder;
    return isRunning(pid, identity) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Text such as ` (process 42)` for a message; empty if the holder is unknown. */
export function namedHolder(file: string): string {
  const pid = lockHolder(file);
  return pid === undefined ? '' : ` (process ${pid})`;
}

interface Holder {
  readonly pid: number;
  readonly command: string;
  readonly startedAt: string;
}

/**
 * Records this process as the holder in a separate file, because reading the lock file in this process would
 * release the lock (fcntl locks; see "How To Corrupt An SQLite Database File").
 */
function noteHolder(file: string): void {
  try {
    const holder = { pid: process.pid, ...identityOf(process.pid) };
    writeFileSync(holderFile(file), JSON.stringify(holder), { mode: 0o600 });
  } catch {
    // Harmless: the record only improves an error message.
  }
}

function lockFile(file: string): string {
  return `${file}.lock`;
}

function holderFile(file: string): string {
  return `${file}.lock.pid`;
}

function inUse(file: string): EnvironmentError {
  const what =
    `${file} is in use by another process${namedHolder(file)}, and only one process can use a SQLite ` +
    'file';
  const ways =
    'If that process is this plane, the plane is already running. Otherwise, stop it or use another database';
  return new EnvironmentError([`${what}. ${ways}`], 'The database is in use');
}
