import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, type Schema, migrateFirst, openDatabase } from '@atlas/persistence';

/** Runs `work` on an empty database with this schema, then removes the database. */
export async function withScratchDatabase<T>(
  schema: Schema,
  work: (scratch: Database) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'atlas-scratch-'));
  const target = { driver: 'sqlite', file: join(folder, 'scratch.db') } as const;
  try {
    const options = { target, schema };
    await migrateFirst(options);
    const scratch = await openDatabase(options);
    return await work(scratch).finally(() => scratch.close());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
