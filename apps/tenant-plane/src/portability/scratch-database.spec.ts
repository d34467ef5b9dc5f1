import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useTemporaryFolder } from '../../test/temporary-folder.fixture';
import { withScratchDatabase } from './scratch-database';

const SCHEMA = { entities: [], migrations: [] };

describe(withScratchDatabase.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-test-'));
  beforeAll(() => useTemporaryFolder(folder));
  afterAll(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('removes databases of processes that were killed, but none that is in use', async () => {
    const left = join(folder, 'atlas-scratch-left');
    mkdirSync(left);
    writeFileSync(join(left, 'scratch.db'), '');
    const found = await withScratchDatabase(SCHEMA, ({ dataSource }) => {
      const own = String(dataSource.options.database);
      return withScratchDatabase(SCHEMA, () => Promise.resolve([existsSync(own), existsSync(left)]));
    });
    expect(found).toEqual([true, false]);
  });
});
