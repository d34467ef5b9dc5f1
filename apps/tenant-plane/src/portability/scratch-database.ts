import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, migrateFirst, openDatabase } from '@atlas/persistence';
import { TENANT_PLANE_SCHEMA } from '../database/schema';

/** An empty database with this plane's schema, gone afterwards. */
export async function withScratchDatabase<T>(work: (scratch: Database) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'atlas-scratch-'));
  const target = { driver: 'sqlite', file: join(folder, 'scratch.db') } as const;
  try {
    const options = { target, schema: TENANT_PLANE_SCHEMA };
    await migrateFirst(options);
    const scratch = await openDatabase(options);
    return await work(scratch).finally(() => scratch.close());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
