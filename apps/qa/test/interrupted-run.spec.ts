import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile, eventually } from '@atlas/testing';

jest.setTimeout(120_000);

/** Runs on Linux only, since it finds processes in /proc. */
(process.platform === 'linux' ? describe : describe.skip)('an interrupted run of proofs', () => {
  let folder: string;
  let run: ChildProcess;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-interrupted-'));
    // Postgres runs as another user, and needs access to the folder.
    chmodSync(folder, 0o755);
  });
  afterEach(() => {
    run.kill('SIGKILL');
    signalAll('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Processes whose environment, command line or working directory contains the folder's path, except the run
   * itself.
   */
  function processes(): { pid: number; command: string }[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== run.pid)
      .map((pid) => ({ pid: Number(pid), command: look(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) }))
      .filter(({ pid, command }) => {
        const environment = look(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
        const place = look(() => readlinkSync(`/proc/${pid}/cwd`));
        return [environment, command, place].some((text) => text.includes(folder));
      });
  }

  function signalAll(signal: NodeJS.Signals): void {
    for (const { pid } of processes())
      try {
        process.kill(pid, signal);
      } catch (error) {
        // ESRCH means that the process has exited since it was listed.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
  }

  const nothingIsLeft = (): Promise<unknown> =>
    eventually(
      () => processes().length === 0 && !readdirSync(folder).some((name) => name.startsWith('atlas-')),
      {
        what: 'no process and no folder is left',
      },
    );

  it('stops its planes and its Postgres on SIGTERM', async () => {
    run = spawn(process.execPath, [builtFile('qa', 'main.js'), 'token-lost-response', '--small'], {
      env: { PATH: process.env['PATH'], TMPDIR: folder },
      stdio: 'ignore',
    });
    const isThere = (name: RegExp): boolean => processes().some(({ command }) => name.test(command));
    await eventually(() => isThere(/postgres.*-D/s) && isThere(/control-plane\/main\.js/), {
      timeoutMs: 60_000,
      what: 'a proof has begun',
    });
    // Sends the signal to every process in the tree, as Nx does.
    signalAll('SIGTERM');
    run.kill('SIGTERM');
    const [code] = (await once(run, 'exit')) as [number];
    expect(code).toBe(143);
    await nothingIsLeft();
  });

  it('leaves no process behind after SIGKILL, not even a detached one', async () => {
    const script = `
      const { RunFolder } = require(process.argv[1]);
      const { spawn } = require('node:child_process');
      RunFolder.open('atlas-run');
      const options = { cwd: process.env.TMPDIR, detached: true, stdio: 'ignore', env: {} };
      spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], options).unref();
      setInterval(() => undefined, 1000);`;
    const module = join(__dirname, '../../../libs/testing/dist/processes/run-folder.js');
    run = spawn(process.execPath, ['-e', script, module], { env: { TMPDIR: folder }, stdio: 'ignore' });
    await eventually(() => processes().some(({ command }) => command.includes('setInterval')));
    run.kill('SIGKILL');
    await nothingIsLeft();
  });
});

function look(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
