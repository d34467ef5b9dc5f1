import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leavePostgresPlace } from './postgres-place';

describe(leavePostgresPlace.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-place-'));
  const dataDir = join(folder, 'postgres');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('removes the Postgres binaries that a killed process copied', () => {
    const programs = join(folder, 'copied');
    mkdirSync(programs);
    writeFileSync(join(programs, 'postgres'), '');
    symlinkSync(programs, `${dataDir}-programs`);
    leavePostgresPlace(dataDir);
    expect(existsSync(programs)).toBe(false);
  });

  it('does not throw if the copied binaries are already gone', () => {
    expect(() => leavePostgresPlace(dataDir)).not.toThrow();
  });
});
