import { storageFault } from '@atlas/platform/storage-fault';
import { type Command, CommandFailure } from '../command';
import { Progress } from '../progress';
import { DataDirectory } from './data-directory';
import { onStopWish } from './stop-wish';
import { startLocalStack } from './local-stack';
import { requireWalkable } from './postgres-access';
import { ProcessList } from './process-list';
import { reservePorts } from './reserve-ports';
import { type StackOptions, stackOptions } from './stack-options';
import { StackProcesses } from './stack-processes';
import { jsonSummary, proseSummary } from './stack-summary';

const USAGE = `Starts the Control Plane and a shared Tenant Plane on this machine, with a demo tenant.

  npm start -- [options]        or        atlas stack up [options]

  --postgres         on a real Postgres server from the packages instead of SQLite
  --json             one line of JSON when ready; progress goes to standard error
  --data-dir <dir>   where databases, logs and credentials are kept (default: ATLAS_DATA_DIR, or data)
  --help

  ATLAS_CP_PORT, ATLAS_TP_PORT    ports (default 4100 and 4200; 0: any free one)
  LOG_LEVEL                       of both planes (default info)
  other variables of .env.example are passed on to the planes, or it is said why not

It runs until Ctrl-C or SIGTERM; a plane that ends by itself meanwhile is started again. The credentials are in <dir>/dev-stack.json, the logs in <dir>/logs.
`;

/** Not a failure: somebody wants it to end. */
class StopWish extends Error {}

export class StackUpCommand implements Command {
  readonly name = 'stack up';
  readonly summary = 'Control Plane, Tenant Plane and a demo tenant on this machine';
  readonly usage = USAGE;
  /** npm names the script that it runs. */
  readonly calledAs = process.env['npm_lifecycle_event'] === 'start' ? 'npm start --' : undefined;

  async run(args: readonly string[]): Promise<number> {
    const options = stackOptions(args, process.env, process.cwd());
    try {
      return await this.runIn(options);
    } catch (error) {
      const fault = storageFault(options.dataDir, error);
      throw fault === undefined ? error : new CommandFailure(`${fault} (--data-dir names another).`);
    }
  }

  private async runIn(options: StackOptions): Promise<number> {
    // All that is made from here on is for nobody else to read.
    process.umask(0o077);
    const data = new DataDirectory(options.dataDir);
    const needsWay = options.database === 'postgres' && process.getuid?.() === 0;
    data.prepare({ isTraversable: needsWay });
    if (needsWay) requireWalkable(data.postgres);
    const list = new ProcessList(data.processList, data.dedicatedProcesses);
    await list.claim();
    return this.runUntilStopped(options, data, list);
  }

  private async runUntilStopped(
    options: StackOptions,
    data: DataDirectory,
    list: ProcessList,
  ): Promise<number> {
    const end = new AbortController();
    const processes = new StackProcesses(list, end);
    onStopWish({ first: () => end.abort(new StopWish()), again: () => processes.kill() });
    const stream = options.isJson ? process.stderr : process.stdout;
    const progress = new Progress(stream, stream.isTTY);
    try {
      await Promise.race([this.serve(options, data, processes, progress), aborted(end.signal)]);
      return 0;
    } catch (error) {
      if (error instanceof StopWish) return 0;
      if (error instanceof CommandFailure) stream.write('\n');
      throw error;
    } finally {
      await (processes.isEmpty ? processes.stop() : progress.step('Stopping', () => processes.stop()));
    }
  }

  private async serve(
    options: StackOptions,
    data: DataDirectory,
    processes: StackProcesses,
    progress: Progress,
  ): Promise<void> {
    const [first = 0, second = 0] = await reservePorts([options.controlPlanePort, options.tenantPlanePort]);
    const devStack = await startLocalStack({ options, data, processes, progress, ports: [first, second] });
    const summary = options.isJson
      ? jsonSummary(devStack, data.devStack)
      : proseSummary(devStack, data.devStack, process.cwd());
    process.stdout.write(summary);
    processes.keepPlanes((text) => progress.note(text));
    await aborted(processes.signal);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
