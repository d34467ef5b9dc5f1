import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { EnvironmentError } from '@atlas/platform';
import { Database } from 'sqlite3';

/** A predecessor that is about to end is waited for. */
const PATIENCE_MS = 5000;

/**
 * Keeps a SQLite file to one plane process: writers queue, wake-ups and nonces are held in that process's memory. An
 * exclusive transaction on a file beside it is a lock that the system takes back when the process dies, however it does.
 */
export class ProcessLock {
  private constructor(private readonly held: Database) {}

  /** Throws {@link EnvironmentError} while another process has it. */
  static async take(file: string, patienceMs = PATIENCE_MS): Promise<ProcessLock> {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const database = await new Promise<Database>((resolve, reject) => {
      const opened: Database = new Database(`${file}.lock`, (error) =>
        error ? reject(error) : resolve(opened),
      );
    });
    database.configure('busyTimeout', patienceMs);
    const lock = new ProcessLock(database);
    await new Promise<void>((resolve, reject) => {
      database.exec('begin exclusive', (error) => (error ? reject(error) : resolve()));
    }).catch(async (error: Error) => {
      await lock.release();
      throw (error as { code?: string } & Error).code === 'SQLITE_BUSY' ? inUse(file) : error;
    });
    return lock;
  }

  /** Whether some process has it. Makes nothing: where no lock file is, nobody ever took it. */
  static async isHeld(file: string): Promise<boolean> {
    if (!existsSync(`${file}.lock`)) return false;
    try {
      await (await ProcessLock.take(file, 0)).release();
      return false;
    } catch (error) {
      if (error instanceof EnvironmentError) return true;
      throw error;
    }
  }

  async release(): Promise<void> {
    await new Promise<void>((resolve) => this.held.close(() => resolve()));
  }
}

function inUse(file: string): EnvironmentError {
  return new EnvironmentError([
    `${file} is in use by another process. A SQLite file serves one process: end the other one, or use Postgres`,
  ]);
}
