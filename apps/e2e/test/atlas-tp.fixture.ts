import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InstallView, type TestDatabase, builtFile, eventually, freePort } from '@atlas/testing';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A tenant plane that `atlas-tp run` is running in the foreground. */
export interface Running {
  readonly url: string;
  /** Stops the plane with a signal, as Ctrl-C and service managers do. */
  end(signal?: NodeJS.Signals): Promise<Ended>;
}

/** A customer's machine: a folder with the pasted bundle, a database, and `atlas-tp`. */
export class CustomersMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'atlas-customer-'));
  private readonly started: Started[] = [];

  private constructor(
    private readonly port: number,
    private readonly database: TestDatabase,
  ) {}

  static async create(database: TestDatabase): Promise<CustomersMachine> {
    return new CustomersMachine(await freePort(), database);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * Pastes the bundle as shown, fills in the database URL, and adds the customer's own lines. On Postgres,
   * the URL names a plain role that owns the database.
   */
  paste({ env }: InstallView, own: Readonly<Record<string, string>> = {}): void {
    const { url, ownerUrl } = this.database;
    const lines = { ...env, TENANT_PLANE_DATABASE_URL: ownerUrl ?? url, ...own };
    const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(this.path('atlas-tp.env'), text.join(''), { mode: 0o600 });
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  call(...words: string[]): Promise<Ended> {
    return this.spawn(words).ended;
  }

  /** Returns the document that a command prints with `--json`, and the exit code. */
  async json<T>(...words: string[]): Promise<T & { readonly code: number | null }> {
    const { code, out, err } = await this.call(...words, '--json');
    if (out === '') throw new Error(err);
    return { ...(JSON.parse(out) as T), code };
  }

  run(): Promise<Running> {
    return this.untilReady(this.spawn(['run']));
  }

  /** Runs `atlas-tp run` in a shell, as npx does, so that signals reach only the shell. */
  runByNpx(): Promise<Running> {
    const command = `"${process.execPath}" "${builtFile('cli', 'atlas-tp.js')}" run; exit`;
    return this.untilReady(this.start('sh', ['-c', command], { npm_command: 'exec' }));
  }

  private async untilReady({ child, ended }: Started): Promise<Running> {
    const isReady = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(JSON.stringify(await ended));
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      return answer?.ok ?? false;
    };
    await eventually(isReady, { what: 'the tenant plane is ready' });
    const end = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> => {
      child.kill(signal);
      return ended;
    };
    return { url: this.url, end };
  }

  async remove(): Promise<void> {
    for (const { child } of this.started) child.kill('SIGTERM');
    await Promise.all(this.started.map(({ ended }) => ended));
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(words: readonly string[]): Started {
    return this.start(process.execPath, [builtFile('cli', 'atlas-tp.js'), ...words]);
  }

  private start(command: string, args: string[], own: NodeJS.ProcessEnv = {}): Started {
    const env = { PATH: process.env['PATH'], PORT: String(this.port), NODE_ENV: 'test', ...own };
    const child = spawn(command, args, { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = { child, ended: endOf(child) };
    this.started.push(started);
    return started;
  }
}

export function endOf(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}
