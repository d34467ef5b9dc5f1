import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from './private-file';

describe(writePrivateFile.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-private-'));
  const file = join(folder, 'secrets.json');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('makes the file readable only by its owner, even if it replaces a world-readable file', () => {
    writeFileSync(file, '{}', { mode: 0o644 });
    writePrivateFile(file, { key: 'k1' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readPrivateFile(file)).toEqual({ key: 'k1' });
    expect(readdirSync(folder)).toEqual(['secrets.json']);
  });

  it('leaves no temporary file behind if it cannot replace the target', () => {
    const taken = join(folder, 'taken');
    mkdirSync(join(taken, 'below'), { recursive: true });
    expect(() => writePrivateFile(taken, { key: 'k1' })).toThrow('EISDIR');
    expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([]);
    rmSync(taken, { recursive: true });
  });

  it('returns undefined for a missing file', () => {
    expect(readPrivateFile(join(folder, 'none'))).toBeUndefined();
  });

  it('reports an invalid file without quoting its content', () => {
    writeFileSync(file, 'the-secret {');
    expect(() => readPrivateFile(file)).toThrow(file);
    expect(() => readPrivateFile(file)).not.toThrow(/the-secret/);
  });
});
