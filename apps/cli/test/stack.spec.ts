import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@atlas/testing';
import { contentOf, dedicatedTenant, inDemo } from './demo-tenant.fixture';
import { CLI, StackProcess, expectGone } from './stack.fixture';

jest.setTimeout(90_000);

describe('the local stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-stack-'));
  const dataDir = join(folder, 'data');
  const runs: StackProcess[] = [];
  let counts: Readonly<Record<string, number>> = {};

  function start(env: NodeJS.ProcessEnv = {}): StackProcess {
    const run = new StackProcess(dataDir, { env });
    runs.push(run);
    return run;
  }

  afterAll(async () => {
    for (const run of runs) run.send('SIGTERM');
    await Promise.all(runs.map((run) => run.exited));
    rmSync(folder, { recursive: true });
  });

  /** What `atlas plane-logs` shows. */
  function logsOf(slug: string): string {
    const words = ['plane-logs', slug, '--lines', '10000', '--data-dir', dataDir];
    const { stdout, stderr, status } = spawnSync(process.execPath, [CLI, ...words], { encoding: 'utf8' });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    return stdout;
  }

  it('starts with a working demo tenant and plane logs, and stops every process on Ctrl-C', async () => {
    const run = start();
    const devStack = await run.ready();
    const incident = await inDemo(devStack, 'POST', { title: 'Disk is full on web-1', severity: 'P2' });
    expect(incident).toMatchObject({ status: 201, body: { severity: 'P2', title: 'Disk is full on web-1' } });
    ({ counts } = await contentOf(devStack));
    expect(counts).toMatchObject({ items: 20, alerts: 8, incidents: 4, finished: 1 });
    const dedicated = await dedicatedTenant(devStack, join(dataDir, 'dedicated/processes.json'));
    const ready = '"msg":"The Tenant Plane is ready';
    expect(logsOf('demo')).toContain(ready);
    expect(logsOf('dedicated-inc')).toContain(ready);
    const children = [...run.children, ...dedicated];
    expect(run.children.map(({ name }) => name)).toEqual(['control-plane', 'tenant-plane']);
    // npm repeats the signal that the terminal has already sent.
    const askedAt = performance.now();
    run.send('SIGINT', 'SIGINT');
    await expect(run.exited).resolves.toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    await expectGone(children);
    expect(existsSync(join(dataDir, 'pids.json'))).toBe(false);
  });

  it('makes its files readable only by their owner', () => {
    expect(modeOf(dataDir)).toBe(0o700);
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true });
    const open = files.filter(({ parentPath, name }) => (modeOf(join(parentPath, name)) & 0o077) !== 0);
    expect(open.map(({ name }) => name)).toEqual([]);
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['dev-stack.json', 'control-plane.db']),
    );
  });

  it('restarts quickly with its data, adds nothing to it, and refuses a second stack on the same data folder', async () => {
    const before = runs[0]?.devStack;
    // Simulates a first start that was killed right after it created the owner.
    const recordFile = join(dataDir, 'secrets.sqlite.json');
    const record = JSON.parse(readFileSync(recordFile, 'utf8')) as object;
    expect(record).toMatchObject({ isOperatorMade: true });
    writeFileSync(recordFile, JSON.stringify({ ...record, isOperatorMade: false }));
    const startedAt = performance.now();
    const run = start();
    const devStack = await run.ready();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(devStack.demo_tenant.token).toBe(before?.demo_tenant.token);
    expect((await contentOf(devStack)).counts).toEqual(counts);
    expect(run.output).not.toContain('Demo data');
    const second = start();
    await expect(second.exited).resolves.toBe(1);
    expect(second.output).toContain('is already running on this data folder');
  });

  it('leaves no plane running when it is killed', async () => {
    const run = runs[1] as StackProcess;
    const { children } = run;
    run.send('SIGKILL');
    await expectGone(children);
    expect(existsSync(join(dataDir, 'pids.json'))).toBe(true);
  });

  it('restarts a dead plane at the same address, except while shutting down', async () => {
    const run = start();
    const devStack = await run.ready();
    const before = run.pidOf('tenant-plane');
    process.kill(before, 'SIGKILL');
    await eventually(async () => (await inDemo(devStack, 'GET').catch(() => undefined))?.status === 200, {
      what: 'the tenant plane serves again',
    });
    expect(run.pidOf('tenant-plane')).not.toBe(before);
    expect(run.output).toContain('The tenant-plane exited (by SIGKILL). Restarting it in 1 s. Its log: ');
    expect(run.log('tenant-plane.log').match(/The Tenant Plane is ready/g)).toHaveLength(2);

    const { children } = run;
    process.kill(run.pidOf('control-plane'), 'SIGKILL');
    await eventually(() => run.output.includes('The control-plane exited'));
    run.send('SIGTERM');
    await expect(run.exited).resolves.toBe(0);
    await expectGone(children);
    expect(run.log('control-plane.log').match(/The Control Plane is ready/g)).toHaveLength(1);
    expect(existsSync(join(dataDir, 'pids.json'))).toBe(false);
  });

  it('writes no secrets to its output or logs', () => {
    const secrets = secretsIn(join(dataDir, 'dev-stack.json'), join(dataDir, 'secrets.sqlite.json'));
    expect(secrets.length).toBeGreaterThan(10);
    const logs = readdirSync(join(dataDir, 'logs')).map((name) => runs[0]?.log(name) ?? '');
    expect(logs.join('')).toContain('"level":"debug"');
    const [folder = ''] = readdirSync(join(dataDir, 'dedicated')).filter((name) => name.startsWith('atlas_'));
    logs.push(readFileSync(join(dataDir, 'dedicated', folder, 'tenant-plane.log'), 'utf8'));
    const heard = [...logs, ...runs.map(({ output }) => output)].join('\n');
    expect(secrets.filter((secret) => heard.includes(secret))).toEqual([]);
  });

  it('exits if a plane cannot start, says why, and names the ignored variables', async () => {
    const file = join(dataDir, 'control-plane.db');
    renameSync(file, `${file}.kept`);
    writeFileSync(file, '');
    const run = start({ INFRASTRUCTURE_DRIVER: 'nobody', TENANT_BASE_DOMAIN: 'tenants.example.com' });
    await expect(run.exited).resolves.toBe(1);
    expect(run.output).toContain('The control-plane process exited unexpectedly (with exit code 1)');
    expect(run.output).toContain('INFRASTRUCTURE_DRIVER');
    expect(run.output).toContain('The local stack ignores TENANT_BASE_DOMAIN, because its addresses follow');
    const again = start();
    await expect(again.exited).resolves.toBe(1);
    expect(again.output).toContain(`${file} is empty (0 bytes). Move it away (${file}`);
    expect(existsSync(join(dataDir, 'pids.json'))).toBe(false);
    renameSync(`${file}.kept`, file);
  });

  it('names a data folder that it cannot create', async () => {
    writeFileSync(join(folder, 'in-the-way'), '');
    const run = new StackProcess(join(folder, 'in-the-way/data'));
    await expect(run.exited).resolves.toBe(1);
    expect(run.output).toMatch(
      /in-the-way\/data cannot be written: a file is in the way[^]*choose another folder with --data-dir/,
    );
    expect(run.output).not.toMatch(/^ +at /m);
  });

  it('tells users of npm start how to see its options', async () => {
    const env = { npm_lifecycle_event: 'start' };
    const run = new StackProcess(join(folder, 'never'), { options: ['--typo'], env });
    await expect(run.exited).resolves.toBe(2);
    expect(run.output).toMatch(/Unknown option --typo\.[^]*npm start -- --help/);
  });
});

/** Every string in the files that looks like a secret: long, and not an id, an address or a name. */
function secretsIn(...files: string[]): string[] {
  const texts: string[] = [];
  for (const file of files) {
    JSON.parse(readFileSync(file, 'utf8'), (_, value: unknown) => {
      if (typeof value === 'string') texts.push(value);
    });
  }
  return [...new Set(texts)].filter((text) => text.length >= 20 && !/^[0-9a-f-]{36}$|^http|@|^#/.test(text));
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
