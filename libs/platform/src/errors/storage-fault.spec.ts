import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeFolder, storageFault } from './storage-fault';

describe(storageFault.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-storage-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const faultOf = (work: () => unknown): string | undefined => {
    try {
      work();
    } catch (error) {
      return storageFault(folder, error);
    }
    throw new Error('The work did not fail.');
  };

  it('reports a full disk', () => {
    const full = faultOf(() => writeFileSync('/dev/full', 'a'));
    expect(full).toBe(`${folder} cannot be written: no space is left. Free some, then start again`);
    expect(storageFault(folder, { code: 'SQLITE_FULL' })).toBe(full);
  });

  it('reports a file that is in the way of a folder', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(faultOf(() => probeFolder(join(folder, 'file')))).toContain('a file is in the way');
    expect(faultOf(() => probeFolder(join(folder, 'file/below')))).toContain('a file is in the way');
  });

  it.each([
    ['EROFS', /mounted read-only/],
    ['EACCES', /belongs to user \d+, but this process runs as user \d+\. Change its owner \(chown/],
  ])('says what to do about %s', (code, advice) => {
    expect(storageFault(folder, { code })).toMatch(advice);
  });

  it('probes for the reason if SQLite gives none, and returns undefined if the probe succeeds', () => {
    const blocked = join(folder, 'blocker/data');
    writeFileSync(join(folder, 'blocker'), '');
    expect(storageFault(blocked, { code: 'SQLITE_CANTOPEN' })).toContain('a file is in the way');
    expect(storageFault(folder, { code: 'SQLITE_CANTOPEN' })).toBeUndefined();
    expect(storageFault(folder, new Error('of another kind'))).toBeUndefined();
  });

  it('removes its probe file', () => {
    probeFolder(folder);
    expect(readdirSync(folder)).not.toContainEqual(expect.stringContaining('probe'));
  });
});
