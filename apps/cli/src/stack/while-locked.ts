import { type Database } from 'sqlite3';

/** How long to wait for another process, which holds the lock only while it reads and writes the list. */
const PATIENCE_MS = 5000;

/**
 * Does the work while no other process holds the lock. Returns undefined, without doing the work, if another
 * process keeps it. The lock is an exclusive transaction on a file. The operating system releases it when the
 * process exits, even after a crash.
 */
export async function whileLocked<T>(file: string, work: () => T): Promise<T | undefined> {
  const database = await open(file);
  try {
    database.configure('busyTimeout', PATIENCE_MS);
    const refusal = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      database.exec('begin exclusive', resolve);
    });
    if (refusal?.code === 'SQLITE_BUSY') return undefined;
    if (refusal) throw refusal;
    return work();
  } finally {
    await new Promise<void>((resolve) => database.close(() => resolve()));
  }
}

async function open(file: string): Promise<Database> {
  // Loaded only here, because most commands do not need it.
  const { default: sqlite } = await import('sqlite3');
  return new Promise((resolve, reject) => {
    const opened: Database = new sqlite.Database(file, (error) => (error ? reject(error) : resolve(opened)));
  });
}
