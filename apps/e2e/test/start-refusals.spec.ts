import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type PlaneName, type PlaneProcess, eventually, startPlane } from '@atlas/testing';

jest.setTimeout(60_000);

const PLANES = ['control-plane', 'tenant-plane'] as const;
const VARIABLE = {
  'control-plane': 'CONTROL_PLANE_DATABASE_URL',
  'tenant-plane': 'TENANT_PLANE_DATABASE_URL',
} as const;
const ENV = {
  CONTROL_PLANE_SEALING_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  CONTROL_PLANE_PUBLIC_URL: 'http://127.0.0.1:4100',
  TENANT_BASE_DOMAIN: 'localhost',
  ATLAS_OFFLINE_MODE: '1',
  ATLAS_TP_DEPLOYMENT: 'on_prem',
};

const isRoot = process.getuid?.() === 0;
const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });

/** Root can write to any folder that is not mounted read-only. */
function forbidWriting(folder: string): void {
  if (isRoot) run('mount', '-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', folder);
  else chmodSync(folder, 0o500);
}
function allowWriting(folder: string): void {
  if (isRoot) run('umount', folder);
  else chmodSync(folder, 0o700);
}

const CAN_FORBID_WRITING = canForbidWriting();

/** Root in a container may not be allowed to mount anything. */
function canForbidWriting(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-mount-'));
  try {
    forbidWriting(folder);
    allowWriting(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each(PLANES)('a %s on a SQLite file', (name) => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-start-'));
    file = join(folder, 'data/plane.db');
    mkdirSync(dirname(file));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = (awaitReady = false): Promise<PlaneProcess> =>
    startPlane(name, { env: { ...ENV, [VARIABLE[name]]: file }, awaitReady });

  /** Expects the plane to fail with exit code 1 and no stack trace, and returns its output. */
  async function refusal(): Promise<string> {
    const plane = await start();
    expect(await plane.exited).toBe(1);
    expect(plane.output()).not.toMatch(/(^|\\n) +at /m);
    // The reason is given only in plain words, not also as a log entry.
    expect(plane.output()).not.toContain('"level":"error"');
    return plane.output();
  }

  it('starts again after being killed during its first start', async () => {
    const first = await start();
    await eventually(() => filesIn(dirname(file)).some((one) => /\.db($|\.new$)/.test(one)), { everyMs: 1 });
    await first.end('SIGKILL');
    const second = await start(true);
    expect(filesIn(dirname(file)).filter((one) => one.includes('.new'))).toEqual([]);
    expect(await second.end()).toBe(0);

    // A plane also rejects another plane's file and a damaged file.
    const other = name === 'control-plane' ? 'tenant-plane' : 'control-plane';
    expect(await refusalOf(other, file)).toContain(`${file} belongs to another plane or program`);
    copyFileSync(file, join(folder, 'backup.db'));
    writeFileSync(file, '');
    expect(await refusal()).toMatch(
      /plane\.db is empty \(0 bytes\)\. Move it away .*, then restore it from a backup or start over/,
    );
    copyFileSync(join(folder, 'backup.db'), file);
    await (await start(true)).end();
  });

  (CAN_FORBID_WRITING ? it : it.skip)('names the folder that it cannot write to', async () => {
    forbidWriting(dirname(file));
    try {
      expect(await refusal()).toMatch(/data cannot be written: (it is on a file system|it belongs to)/);
      expect(filesIn(dirname(file))).toEqual([]);
    } finally {
      allowWriting(dirname(file));
    }
  });

  async function refusalOf(plane: PlaneName, database: string): Promise<string> {
    const refused = await startPlane(plane, {
      env: { ...ENV, [VARIABLE[plane]]: database },
      awaitReady: false,
    });
    expect(await refused.exited).toBe(1);
    return refused.output();
  }
});

function filesIn(folder: string): string[] {
  return readdirSync(folder);
}
