import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalPostgres, startLocalPostgres, temporaryDataDir } from '../src/databases/local-postgres';
import { createRoles } from '../src/databases/roles';

declare global {
  var atlasTestPostgres: LocalPostgres | undefined;
}

/** Starts one server for the whole run, unless TEST_PG_URL names another. */
export default async function startPostgres(): Promise<void> {
  process.env['ATLAS_TEST_RUN'] = mkdtempSync(join(tmpdir(), 'atlas-test-run-'));
  if (!process.env['TEST_PG_URL']) {
    const dataDir = temporaryDataDir(join(tmpdir(), 'atlas-test-postgres'));
    globalThis.atlasTestPostgres = await startLocalPostgres({ dataDir, isTemporary: true, fsync: false });
    process.env['ATLAS_TEST_POSTGRES'] = globalThis.atlasTestPostgres.adminUrl;
  }
  await createRoles(process.env['TEST_PG_URL'] ?? process.env['ATLAS_TEST_POSTGRES'] ?? '');
}
