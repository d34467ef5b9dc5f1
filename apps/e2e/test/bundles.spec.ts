import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '@atlas/testing';

const OUTSIDE = /^(@node-rs\/argon2.*|sqlite3|bindings|file-uri-to-path)$/;

describe.each(['control-plane', 'tenant-plane'])('the bundled %s', (app) => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-openapi-'));
  const file = join(folder, 'openapi.json');
  let ended: SpawnSyncReturns<string>;

  beforeAll(() => {
    const preload = ['--require', join(__dirname, 'loaded-packages.cjs')];
    const args = [...preload, builtFile(app, 'write-openapi.js'), file];
    ended = spawnSync(process.execPath, args, { encoding: 'utf8' });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('describes its API as in docs/openapi (if not, run: npx nx run-many -t openapi)', () => {
    expect(ended.status).toBe(0);
    expect(ended.stderr).toMatch(/^\[.*\]\n$/);
    const committed = readFileSync(join(__dirname, '../../../docs/openapi', `${app}.json`), 'utf8');
    expect(readFileSync(file, 'utf8')).toBe(committed);
  });

  it('has the guides to serve next to it', () => {
    for (const page of ['index', 'users', 'on-prem-installation'])
      expect(existsSync(builtFile(app, `help/${page}.html`))).toBe(true);
  });

  it('traces errors back to the sources', () => {
    const args = ['--enable-source-maps', builtFile(app, 'write-openapi.js')];
    const { stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toMatch(/ at .*\/libs\/platform\/src\/app\/write-openapi\.ts:\d+:\d+\)$/m);
    expect(stderr).toMatch(new RegExp(` at .*/apps/${app}/src/write-openapi\\.ts:\\d+:\\d+\\)$`, 'm'));
  });

  // A second class-validator would know no rules, a second TypeORM no entities.
  it('loads native code from node_modules, and nothing that is bundled', () => {
    const loaded = JSON.parse(ended.stderr) as string[];
    expect(loaded).toContain('sqlite3');
    expect(loaded.filter((name) => !OUTSIDE.test(name))).toEqual([]);
  });
});
