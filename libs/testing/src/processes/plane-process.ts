import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../databases/local-postgres';

export type PlaneName = 'control-plane' | 'tenant-plane';
const READY_MS = 30_000;

/** For `env`: makes the plane run from its unbundled modules, which a preloaded module can change. */
export const FROM_MODULES = { ATLAS_TEST_FROM_MODULES: '1' } as const;

/** A plane running as a real process, from the build. */
export interface PlaneProcess {
  readonly name: PlaneName;
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything that the process has written so far. */
  output(): string;
  /** Waits for a line that matches. */
  line(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Sends the signal and waits for the process to exit. Resolves to the exit code, or null if killed. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  readonly exited: Promise<number | null>;
}

export interface PlaneOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** 0 or undefined for any free port. */
  readonly port?: number;
  /** False to return at once, for a process that is expected to refuse to start or to crash. */
  readonly awaitReady?: boolean;
}

/** Starts a plane. Kills it if it does not become ready in time. */
export async function startPlane(name: PlaneName, options: PlaneOptions): Promise<PlaneProcess> {
  const port = options.port || (await freePort());
  const isFromModules = options.env['ATLAS_TEST_FROM_MODULES'] !== undefined;
  const main = isFromModules ? builtModule(name, 'main.js') : builtFile(name, 'main.js');
  const optimiseLate = lateOptimisation();
  const env = {
    PATH: process.env['PATH'],
    TMPDIR: process.env['TMPDIR'],
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    ...optimiseLate,
    ...options.env,
  };
  const preloads = [
    builtPath('libs', 'platform', 'dist/processes/end-with-parent.js'),
    ...(optimiseLate ? [builtPath('libs', 'testing', 'dist/processes/preloads/optimise-late.js')] : []),
  ];
  const child = spawn(process.execPath, [...preloads.flatMap((file) => ['--require', file]), main], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  // The channel must not keep this process alive.
  child.channel?.unref();
  const plane = handleOf(name, child, port);
  if (options.awaitReady !== false) await untilReady(plane);
  return plane;
}

/** How late V8 optimises code in this process: tests optimise later than benchmarks. */
function lateOptimisation(): Readonly<Record<string, string>> | undefined {
  const option = process.execArgv.find((each) => each.startsWith('--interrupt-budget='));
  return option === undefined ? undefined : { ATLAS_TEST_OPTIMISE_LATE: option };
}

/** A file of a built app. Works from anywhere in the workspace. */
export function builtFile(app: string, file: string): string {
  return builtPath('dist/apps', app, file);
}

/** A module of a plane, compiled but not bundled. */
export function builtModule(app: PlaneName, file: string): string {
  return builtPath('dist/modules', app, file);
}

function builtPath(root: string, app: string, file: string): string {
  let folder = resolve(__dirname);
  while (!existsSync(join(folder, 'nx.json'))) folder = resolve(folder, '..');
  const path = join(folder, root, app, file);
  if (!existsSync(path)) throw new Error(`${path} is missing. Run "npm run build" first.`);
  return path;
}

function handleOf(name: PlaneName, child: ChildProcess, port: number): PlaneProcess {
  const chunks: string[] = [];
  const collect = (chunk: Buffer): number => chunks.push(chunk.toString());
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const output = (): string => chunks.join('');
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  const line = (pattern: RegExp, timeoutMs = READY_MS): Promise<string> =>
    eventually(
      () =>
        output()
          .split('\n')
          .find((one) => pattern.test(one)),
      { timeoutMs, what: `${name} writes ${pattern}` },
    );
  return { name, url: `http://127.0.0.1:${port}`, port, pid: child.pid ?? 0, output, line, end, exited };
}

async function untilReady(plane: PlaneProcess): Promise<void> {
  let code: number | null | undefined;
  void plane.exited.then((exit) => (code = exit));
  const isReady = async (): Promise<boolean> => {
    if (code !== undefined) throw new Error(`${plane.name} exited with ${code}:\n${plane.output()}`);
    const response = await fetch(`${plane.url}/health/ready`).catch(() => undefined);
    return response?.ok ?? false;
  };
  const ready = eventually(isReady, { timeoutMs: READY_MS, what: `${plane.name} is ready` });
  await ready.catch(async (error: Error) => {
    await plane.end('SIGKILL');
    throw new Error(`${error.message}\n${plane.output()}`);
  });
}

interface Wait {
  readonly timeoutMs?: number;
  /** Completes the message "Timed out after … ms, waiting until …". */
  readonly what?: string;
  readonly everyMs?: number;
  /** Describes the state when the wait ended. */
  readonly found?: () => string | Promise<string>;
}

/** Polls until `ask` returns a truthy value. Intended for effects that another process cannot announce. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  { timeoutMs = 15_000, what = 'something', everyMs = 40, found = () => '' }: Wait = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as NonNullable<Exclude<T, false>>;
    if (Date.now() > deadline)
      throw new Error(`Timed out after ${timeoutMs} ms, waiting until ${what}. ${await found()}`.trimEnd());
    await delay(everyMs);
  }
}
