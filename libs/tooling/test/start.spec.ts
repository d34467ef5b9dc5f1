import { once } from 'node:events';
import { eventually } from '@atlas/testing';
import { PROJECTS, StubWorkspace } from './workspace.fixture';

jest.setTimeout(30_000);

const ALL_BUT_THE_CLI = PROJECTS.filter((project) => project !== 'apps/cli');

describe('npm start', () => {
  const workspace = new StubWorkspace();
  afterAll(() => {
    workspace.endAll();
    workspace.remove();
  });

  it('shows the failed command and its output if the installation fails', () => {
    const { status, stderr } = workspace.start({ BREAK: '1' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/npm ci failed:\s+no network/);
    expect(workspace.takeCalls()).toEqual(['npm ci']);
  });

  it('reports no failure if it is stopped while installing', async () => {
    workspace.write('hang', '');
    const started = workspace.startInBackground();
    let said = '';
    started.stderr?.on('data', (chunk: Buffer) => (said += String(chunk)));
    await called('npm ci');
    workspace.delete('hang');
    started.kill('SIGINT');
    await expect(once(started, 'close')).resolves.toEqual([130, null]);
    expect(said).toMatch(/npm ci stopped after \d+ s\n$/);
  });

  it('on a fresh clone, says what compilation requires, then installs, builds and starts', () => {
    const { status, stderr } = workspace.start({}, '--json');
    expect(status).toBe(0);
    expect(stderr).toMatch(/python3, make and g\+\+[^]*npm ci …/);
    expect(workspace.takeCalls()).toEqual(['npm ci', 'npm run', 'app stack']);
    expect(workspace.takeBuilt()).toEqual(PROJECTS);
  });

  it('reinstalls if the lock file has changed, and runs only the allowed install scripts', () => {
    workspace.write('package-lock.json', '{"others": 0}');
    workspace.start();
    const [ci, ...others] = workspace.takeCalls(Infinity);
    expect(ci).toContain(' --ignore-scripts ');
    expect(others).toEqual(['npm run install --prefix node_modules/native', 'app stack up']);
    expect(workspace.takeBuilt()).toEqual(PROJECTS);
  });

  it('warns about missing compilers before installing', () => {
    workspace.write('package-lock.json', '{"other": 0}');
    expect(workspace.start({ PATH: '/nowhere' }).stderr).toMatch(
      /Not found: python3, make, g\+\+[^]*npm ci …/,
    );
    workspace.takeCalls();
    workspace.start();
    workspace.takeCalls();
  });

  it('starts without installing or building if nothing has changed', () => {
    workspace.takeBuilt();
    workspace.start();
    expect(workspace.takeCalls()).toEqual(['app stack']);
    expect(workspace.takeBuilt()).toEqual([]);
  });

  it.each([
    ['a plane', 'apps/control-plane/src/main.ts', ['apps/control-plane']],
    ['a library', 'libs/platform/src/main.ts', ALL_BUT_THE_CLI],
    ['a guide', 'docs/guides/users.md', ALL_BUT_THE_CLI],
    ['the compiler', 'libs/tooling/src/transpile.mjs', PROJECTS],
    ['the record of a build', 'dist/apps/tenant-plane/.built', ['apps/tenant-plane']],
    ['a test', 'apps/control-plane/src/main.spec.ts', []],
  ])('after a change to %s, rebuilds only what depends on it', (_, file, built) => {
    workspace.write(file, `${workspace.read(file)}\n`);
    workspace.takeBuilt();
    workspace.start();
    expect(workspace.takeCalls()).toEqual(['app stack']);
    expect(workspace.takeBuilt()).toEqual(built);
  });

  it('names the file that it could not compile, and retries on the next start', () => {
    const file = 'apps/cli/src/options.ts';
    workspace.write(file, 'export const = 1;');
    for (const attempt of ['first', 'second']) {
      const { status, stderr } = workspace.start();
      expect([attempt, status]).toEqual([attempt, 1]);
      expect(stderr).toMatch(/Building failed:[^]*options\.ts:1:/);
    }
    expect(workspace.takeCalls()).toEqual([]);
    workspace.delete(file);
    workspace.start();
    expect(workspace.takeCalls()).toEqual(['app stack']);
  });

  it('keeps the packages from a manual "npm ci", unless a command of the workspace is missing', () => {
    workspace.write('node_modules/.package-lock.json', '{"packages": {}}');
    workspace.write('node_modules/sqlite3/build/Release/node_sqlite3.node', '');
    workspace.write('node_modules/.bin/atlas', '');
    for (const name of ['atlas', 'atlas-tp']) {
      const packages = { 'apps/cli': { bin: { [name]: 'bin.mjs' } } };
      workspace.write('package-lock.json', JSON.stringify({ packages }));
      workspace.start();
      expect(workspace.takeCalls().includes('npm ci')).toBe(name !== 'atlas');
    }
  });

  it("passes SIGTERM on to the app, and returns the app's exit code", async () => {
    const started = workspace.startInBackground('wait');
    await called('app stack');
    started.kill('SIGTERM');
    await expect(once(started, 'exit')).resolves.toEqual([7, null]);
  });

  it('stops the app even if only the shell around it is killed', async () => {
    workspace.takeCalls();
    const shell = workspace.startInShell('wait');
    await called('app stack');
    shell.kill('SIGTERM');
    await called('app ended');
  });

  async function called(call: string): Promise<void> {
    await eventually(() => workspace.takeCalls().includes(call), { what: `"${call}" is called` });
  }
});
