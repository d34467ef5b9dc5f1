import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EnvironmentError, identityOf, isRunning } from '@atlas/platform';
import { Database } from 'sqlite3';
import { explainingStorageFaults } from './storage-faults';

/** A predecessor that is about to end is waited for. */
const PATIENCE_MS = 5000;

/**
 * Keeps a SQLite file to one plane process: writers queue, wake-ups and nonces are held in that process's memory. An
 * exclusive transaction on a file beside it is a lock that the system takes back when the process dies, however it does.
 */
export class ProcessLock {
  private constructor(
    private readonly file: string,
    private readonly held: Database,
  ) {}

  /** Throws {@link EnvironmentError} while another process has it, and where its folder cannot be written. */
  static async take(file: string, patienceMs = PATIENCE_MS): Promise<ProcessLock> {
    const lock = await explainingStorageFaults(file, () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      return ProcessLock.acquire(file, patienceMs);
    });
    if (!lock) throw inUse(file);
    noteHolder(file);
    return lock;
  }

  /** Whether some process has it. Makes nothing: where no lock file is, nobody ever took it. */
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

  /** Undefined while another process has it. */
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
 * The process that has the lock of a SQLite file; undefined when it is not known. Never one that was merely given the pid
 * of an earlier holder. Says nothing of whether the lock is held: that is for {@link ProcessLock.isHeld}.
 */
export function lockHolder(file: string): number | undefined {
  try {
    const { pid, ...identity } = JSON.parse(readFileSync(holderFile(file), 'utf8')) as Holder;
    return isRunning(pid, identity) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** ` (process 42)` where it is known. */
export function namedHolder(file: string): string {
  const pid = lockHolder(file);
  return pid === undefined ? '' : ` (process ${pid})`;
}

interface Holder {
  readonly pid: number;
  readonly command: string;
  readonly startedAt: string;
}

/** Beside the lock: to read the lock's own file in this process would let go of it (fcntl locks, SQLite's "howtocorrupt"). */
function noteHolder(file: string): void {
  try {
    const holder = { pid: process.pid, ...identityOf(process.pid) };
    writeFileSync(holderFile(file), JSON.stringify(holder), { mode: 0o600 });
  } catch {
    // Only a message would be better for it.
  }
}

function lockFile(file: string): string {
  return `${file}.lock`;
}

function holderFile(file: string): string {
  return `${file}.lock.pid`;
}

function inUse(file: string): EnvironmentError {
  const what = `${file} is in use by another process${namedHolder(file)}, and a SQLite file serves one`;
  const ways = 'If that is this plane, it runs already; if not, end that process, or use another database';
  return new EnvironmentError([`${what}. ${ways}`], 'The database is in use');
}
