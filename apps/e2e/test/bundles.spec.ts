import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtFile, builtModule } from '@atlas/testing';

const ROOT = join(__dirname, '../../..');
const SEALING_KEY = Buffer.alloc(32).toString('base64');
const ENV = { ATLAS_OFFLINE_MODE: '1', CONTROL_PLANE_SEALING_KEYS: `k:${SEALING_KEY}` };
/** The SQLite driver is native, too, but only planes that use SQLite load it. */
const OUTSIDE = /^@node-rs\/argon2/;

/** In a process of its own, because this one has other V8 options. */
function hasBytecode(file: string): string {
  const script = `require(process.argv[1]).hasBytecode(process.argv[2])`;
  const args = ['-p', script, join(dirname(file), 'bundled.cjs'), file];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim();
}

describe.each(['control-plane', 'tenant-plane'] as const)('the bundled %s', (app) => {
  let ended: SpawnSyncReturns<string>;

  // Because of no-server.cjs, the plane fails once it has loaded its modules.
  beforeAll(() => {
    const preload = ['loaded-packages.cjs', 'no-server.cjs'].flatMap((name) => [
      '--require',
      join(__dirname, name),
    ]);
    const args = ['--enable-source-maps', ...preload, builtFile(app, 'main.js')];
    ended = spawnSync(process.execPath, args, { encoding: 'utf8', env: ENV });
  });

  it('includes the API description in docs/openapi (if not, run: npx nx run-many -t openapi)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-openapi-'));
    const written = join(folder, 'openapi.json');
    spawnSync(process.execPath, [builtModule(app, 'write-openapi.js'), written], { cwd: ROOT });
    const committed = readFileSync(join(ROOT, 'docs/openapi', `${app}.json`), 'utf8');
    expect(readFileSync(written, 'utf8')).toBe(committed);
    expect(readFileSync(builtFile(app, 'openapi.json'), 'utf8')).toBe(committed);
    rmSync(folder, { recursive: true });
  });

  it('includes the guides that it serves', () => {
    for (const page of ['index', 'users', 'on-prem-installation'])
      expect(existsSync(builtFile(app, `help/${page}.html`))).toBe(true);
  });

  it('maps stack traces to the source files', () => {
    expect(ended.stderr).toMatch(/ at .*\/libs\/platform\/src\/app\/http-app\.ts:\d+:\d+\)$/m);
    expect(ended.stderr).toMatch(new RegExp(` at .*/apps/${app}/src/main\\.ts:\\d+:\\d+\\)$`, 'm'));
  });

  it('stores bytecode that Node uses', () => {
    expect(hasBytecode(builtFile(app, 'bundle.js'))).toBe('true');
  });

  it.each(['bundle.js', 'bundle.js.bytecode'])('ignores the bytecode if %s has changed', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-bundle-'));
    for (const file of ['bundle.js', 'bundle.js.bytecode', 'bundled.cjs'])
      cpSync(builtFile(app, file), join(folder, file));
    const bytes = readFileSync(join(folder, name));
    const last = bytes.length - 1;
    bytes.writeUInt8(255 - bytes.readUInt8(last), last);
    writeFileSync(join(folder, name), bytes);
    expect(hasBytecode(join(folder, 'bundle.js'))).toBe('false');
    rmSync(folder, { recursive: true });
  });

  // The bytecode is loaded as Latin-1, which differs from UTF-8 outside ASCII.
  it('is ASCII', () => {
    expect(readFileSync(builtFile(app, 'bundle.js')).findIndex((byte) => byte > 127)).toBe(-1);
  });

  // A second copy of class-validator would have no validation rules, and a second copy of TypeORM no
  // entities.
  it('loads only native packages from node_modules', () => {
    const loaded = JSON.parse(ended.stderr.trim().split('\n').at(-1) ?? '') as string[];
    expect(loaded).toContain('@node-rs/argon2');
    expect(loaded.filter((name) => !OUTSIDE.test(name))).toEqual([]);
  });
});
