import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { freePort } from '@atlas/testing';

const SAYS_SO = / is ready/;

/** A Node process, started to measure its start-up time. */
export class StartedProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    /** The time until the process has reported that it is ready, and its health check has confirmed this. */
    readonly readyMs: number,
  ) {}

  static async start(file: string, env: Readonly<Record<string, string>>): Promise<StartedProcess> {
    const port = await freePort();
    const startedAt = performance.now();
    const child = spawn(process.execPath, [file], {
      env: {
        PATH: process.env['PATH'],
        TMPDIR: process.env['TMPDIR'],
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: String(port),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await saysReady(child);
    const url = `http://127.0.0.1:${port}`;
    const { status } = await fetch(`${url}/health/ready`);
    if (status !== 200)
      throw new Error(`${file} reports that it is ready, but its health check returns ${status}.`);
    return new StartedProcess(child, url, performance.now() - startedAt);
  }

  get pid(): number {
    return this.child.pid ?? NaN;
  }

  /** Resident memory, as reported by Linux. */
  get residentBytes(): number {
    const [, kilobytes] =
      /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/**
 * Resolves when the process reports that it is ready. Keeps reading, so that a full pipe does not block the
 * process.
 */
function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      if (text.length < 100_000) text += chunk.toString();
      if (SAYS_SO.test(text)) resolve();
    });
    child.once('exit', (code) =>
      reject(new Error(`The process exited with ${code} before it was ready:\n${text}`)),
    );
  });
}
