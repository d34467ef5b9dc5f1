import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type TestDatabase, builtFile } from '@atlas/testing';

const PASSPHRASE = 'a passphrase for this proof alone';
const ENV_FILE = 'atlas-tp.env';

type Env = Readonly<Record<string, string>>;

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** A folder in which a tenant plane is installed, or will be, with its env file. */
export class PlaneFolder {
  /** Also contains the backups. */
  readonly place: string;
  readonly folder: string;

  private constructor(name: string, place: string) {
    this.place = place;
    this.folder = join(place, name);
  }

  static create(): PlaneFolder {
    return new PlaneFolder('installed', mkdtempSync(join(tmpdir(), 'atlas-plane-')));
  }

  /** Another folder beside this one, which does not exist yet. */
  sibling(name: string): PlaneFolder {
    return new PlaneFolder(name, this.place);
  }

  install(env: Readonly<Record<string, string | undefined>>): void {
    mkdirSync(join(this.folder, 'data'), { recursive: true });
    const lines = Object.entries(env).filter(([, value]) => value !== undefined);
    writeFileSync(join(this.folder, ENV_FILE), lines.map(([name, value]) => `${name}=${value}\n`).join(''));
  }

  get env(): Env {
    const lines = readFileSync(join(this.folder, ENV_FILE), 'utf8').split('\n').filter(Boolean);
    return Object.fromEntries(lines.map((line) => [line.replace(/=.*/, ''), line.replace(/^\w+=/, '')]));
  }

  /** The database that the env file names, for planes that run in another folder. */
  database(given: TestDatabase): TestDatabase {
    const { TENANT_PLANE_DATABASE_URL: url = '' } = this.env;
    return { ...given, url: given.driver === 'sqlite' ? join(this.folder, url) : url };
  }

  names(): string[] {
    return readdirSync(this.place);
  }

  /** Runs `atlas-tp` in the folder, or beside it if there is none. Throws if it fails. */
  async atlasTp(...args: string[]): Promise<string> {
    const cwd = this.names().some((name) => join(this.place, name) === this.folder)
      ? this.folder
      : this.place;
    const { code, output } = await run([builtFile('cli', 'atlas-tp.js'), ...args], cwd);
    if (code === 0) return output;
    throw new Error(`atlas-tp ${args.join(' ')} failed: ${output}`);
  }

  /** Runs a script of the tenant plane in this folder, and kills it after `ms`. */
  async killed(script: string, args: readonly string[], ms: number): Promise<void> {
    const file = builtFile('tenant-plane', `${script}.js`);
    const child = spawn(process.execPath, [file, ...args], this.scriptOptions());
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await Promise.race([exited, delay(ms, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await exited;
  }

  /** Runs a script of the tenant plane, which may write no file larger than `bytes`. Linux only. */
  limited(script: string, args: readonly string[], bytes: number): Promise<Outcome> {
    const file = builtFile('tenant-plane', `${script}.js`);
    const { cwd, env } = this.scriptOptions();
    return executed('prlimit', [`--fsize=${bytes}`, process.execPath, file, ...args], cwd, env);
  }

  remove(): void {
    rmSync(this.place, { recursive: true, force: true });
  }

  private scriptOptions() {
    return { cwd: this.folder, env: { ...environment(), ...this.env }, stdio: 'ignore' } as const;
  }
}

function run(args: readonly string[], cwd: string): Promise<Outcome> {
  return executed(process.execPath, args, cwd, environment());
}

function executed(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, [...args], { cwd, env }, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` }),
    );
  });
}

function environment(): Readonly<Record<string, string | undefined>> {
  const { PATH, TMPDIR } = process.env;
  return { PATH, TMPDIR, NODE_ENV: 'test', ATLAS_BACKUP_PASSPHRASE: PASSPHRASE };
}
