import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useTemporaryFolder } from '../../test/temporary-folder.fixture';
import { Spool } from './spool';

describe(Spool.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-spool-'));
  beforeAll(() => useTemporaryFolder(folder));
  afterAll(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('returns each part unchanged, and leaves no file if the process is killed', async () => {
    const spool = await Spool.open();
    const parts = ['first', '', 'ünïcödé', 'x'.repeat(300_000)];
    for (const part of parts) await spool.add(part);
    expect([spool.next, readdirSync(folder)]).toEqual([5, []]);
    for (const number of [4, 1, 3, 2, 1]) expect(await spool.read(number)).toBe(parts[number - 1]);
    await spool.close();
  });
});
