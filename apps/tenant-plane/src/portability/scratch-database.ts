import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, ProcessLock, type Schema, migrateFirst, openDatabase } from '@atlas/persistence';

const PREFIX = 'atlas-scratch-';

/** Runs `work` on an empty database with this schema, then removes the database. */
export async function withScratchDatabase<T>(
  schema: Schema,
  work: (scratch: Database) => Promise<T>,
): Promise<T> {
  await removeLeftBehind();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const target = { driver: 'sqlite', file: fileIn(folder) } as const;
  try {
    const lock = await ProcessLock.take(target.file);
    try {
      const options = { target, schema };
      await migrateFirst(options);
      const scratch = await openDatabase(options);
      return await work(scratch).finally(() => scratch.close());
    } finally {
      await lock.release();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A process that was killed leaves its database behind, which contains the rows of a tenant. */
async function removeLeftBehind(): Promise<void> {
  const names = await readdir(tmpdir());
  for (const name of names.filter((one) => one.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    // The folder may be one of another user.
    if (await isLeftBehind(folder).catch(() => false)) await rm(folder, { recursive: true, force: true });
  }
}

async function isLeftBehind(folder: string): Promise<boolean> {
  return existsSync(fileIn(folder)) && !(await ProcessLock.isHeld(fileIn(folder)));
}

function fileIn(folder: string): string {
  return join(folder, 'scratch.db');
}
