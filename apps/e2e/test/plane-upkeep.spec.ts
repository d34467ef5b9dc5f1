import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import {
  type InstallView,
  type TestDatabase,
  TestStack,
  builtFile,
  createTestDatabase,
  eventually,
} from '@atlas/testing';
import { CustomersMachine, type Ended, endOf } from './atlas-tp.fixture';

jest.setTimeout(120_000);

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const;
const PASSPHRASE = 'twelve words or so';

/** To see it fail, let `withUnnamedDatabase` remove its folder at the end, and empty `withUnfinished`. */
describe('the upkeep of a plane on a customer’s machine', () => {
  let stack: TestStack;
  let database: TestDatabase;
  let machine: CustomersMachine;
  let plane: Awaited<ReturnType<CustomersMachine['run']>>;
  let started: ChildProcess[] = [];

  beforeAll(async () => {
    database = await createTestDatabase('sqlite');
    stack = await TestStack.start({ controlPlaneDatabase: database });
    machine = await CustomersMachine.create(await createTestDatabase('sqlite'));
    const { body } = await stack.provision('acme', { body: { deployment_model: 'on_prem' } });
    machine.paste(body.install as InstallView);
    plane = await machine.run();
    await stack.awaitActive(body.tenant.id);
    await endOf(atlasTp(['backup', 'plane.age']));
    mkdirSync(machine.path('tmp'));
  });
  afterEach(() => {
    for (const { pid } of started) kill(pid, 'SIGKILL');
    started = [];
  });
  afterAll(async () => {
    await plane.end();
    await machine.remove();
    await stack.stop();
    await database.drop();
  });

  /** A group of processes of its own, as a shell starts one, so that Ctrl-C reaches all of them. */
  const inGroup = (command: string, args: readonly string[]): ChildProcess => {
    const env = {
      PATH: process.env['PATH'],
      TMPDIR: machine.path('tmp'),
      ATLAS_BACKUP_PASSPHRASE: PASSPHRASE,
    };
    const child = spawn(command, args, {
      cwd: machine.folder,
      env: { ...env, PORT: new URL(machine.url).port, NODE_ENV: 'test' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    return child;
  };
  const atlasTp = (words: readonly string[]): ChildProcess =>
    inGroup(process.execPath, [builtFile('cli', 'atlas-tp.js'), ...words]);
  const left = (folder = machine.folder): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' });
  /** Runs a command that reads a backup, and stops it when it has read all but the end of it. */
  const stopped = async (signal: NodeJS.Signals, words: readonly string[], before = ''): Promise<Ended> => {
    const name = `${words[0]}-${signal}`;
    execFileSync('sh', ['-c', 'mkfifo "$0"', machine.path(name)]);
    const most = `{ head -c -1 plane.age; touch ${name}.read; sleep 50; } > ${name}`;
    inGroup('sh', ['-c', `${before.replace('FILE', name)} ${most}`]);
    const command = atlasTp([...words, name]);
    const ended = endOf(command);
    await eventually(() => left().includes(`${name}.read`), { what: 'most of the backup is read' });
    kill(command.pid, signal);
    return ended;
  };

  it.each(SIGNALS)('has no decrypted row after %s ends the verification of a backup', async (signal) => {
    const { code } = await stopped(signal, ['verify']);
    expect(code).not.toBe(0);
    expect(left(machine.path('tmp'))).toEqual([]);
  });

  it.each(SIGNALS.slice(0, 3))('has no decrypted row after %s ends a restore', async (signal) => {
    // The first time, the command only verifies it.
    const once = 'cat plane.age > FILE; until ls restored.* 2> /dev/null; do sleep 0.1; done;';
    const { err } = await stopped(signal, ['restore', '--to', 'restored'], once);
    expect(err).toMatch(/^$|Nothing unfinished is left/);
    await eventually(() => !left().some((name) => name.startsWith('restored')), {
      what: 'the draft is removed',
    });
  });
});

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
