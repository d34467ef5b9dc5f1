import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DevStack } from '../src/stack/dev-stack-file';
import { readPrivateFile } from '../src/stack/private-file';
import { type ListedProcess } from '../src/stack/process-list';
import { isRunning } from '@atlas/platform/processes';
import { until } from '../src/stack/until';

const ROOT = join(__dirname, '../../..');
const BUILT = 'dist/apps/cli/main.js';
export const CLI = join(ROOT, BUILT);
/**
 * Whether this process can bind-mount a folder for a child. This requires root, and most containers forbid
 * it.
 */
export const CAN_MOUNT = spawnSync('unshare', ['--mount', 'mount', '--bind', '/tmp', '/tmp']).status === 0;

export interface StackSetting {
  readonly options?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** An empty folder to mount the checkout on. The stack then runs from there. */
  readonly checkout?: string;
}

/** `atlas stack up` as a process, from the build. */
export class StackProcess {
  output = '';
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(
    readonly dataDir: string,
    { options = [], env: own = {}, checkout }: StackSetting = {},
  ) {
    if (!existsSync(CLI)) throw new Error('Build first: npx nx run-many -t build');
    const args = ['stack', 'up', '--json', '--data-dir', dataDir, ...options];
    const mounting = ['--mount', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', ROOT];
    const [command, ...all] =
      checkout === undefined
        ? [process.execPath, CLI, ...args]
        : ['unshare', ...mounting, checkout, process.execPath, join(checkout, BUILT), ...args];
    const env = { ...process.env, ATLAS_CP_PORT: '0', ATLAS_TP_PORT: '0', LOG_LEVEL: 'trace', ...own };
    this.child = spawn(command, all, { env });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** The content of `dev-stack.json`, once the stack reports that it is ready. */
  async ready(): Promise<DevStack> {
    const look = () =>
      this.output.includes('"ready":true') || (this.child.exitCode !== null ? false : undefined);
    const isReady = await until(look, { seconds: 60, complaint: 'The stack was not ready' });
    if (!isReady) throw new Error(this.output);
    return this.devStack;
  }

  get devStack(): DevStack {
    return readPrivateFile(join(this.dataDir, 'dev-stack.json')) as DevStack;
  }

  get children(): readonly ListedProcess[] {
    const listing = readPrivateFile(join(this.dataDir, 'pids.json')) as { children: ListedProcess[] };
    return listing.children;
  }

  pidOf(name: string): number {
    const found = this.children.find((child) => child.name === name);
    if (!found) throw new Error(`${name} is not in pids.json.`);
    return found.pid;
  }

  log(name: string): string {
    return readFileSync(join(this.dataDir, 'logs', name), 'utf8');
  }

  send(...signals: NodeJS.Signals[]): void {
    for (const signal of signals) this.child.kill(signal);
  }
}

export async function expectGone(children: readonly ListedProcess[]): Promise<void> {
  expect(children.length).toBeGreaterThan(0);
  const gone = () => (children.some((child) => isRunning(child.pid, child)) ? undefined : true);
  await until(gone, { seconds: 10, complaint: 'Not every process exited' });
}
