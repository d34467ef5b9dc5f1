import { storageFault } from '@atlas/platform/storage-fault';
import { type Command } from '../command';
import { CommandFailure } from '../failure';
import { type Given } from '../options';
import { Progress } from '../progress';
import { DataDirectory } from './data-directory';
import { startLocalStack } from './local-stack';
import { ProcessList } from './process-list';
import { reservePorts } from './reserve-ports';
import { STACK_OPTIONS, type StackOptions, stackOptions } from './stack-options';
import { StackProcesses } from './stack-processes';
import { jsonSummary, proseSummary } from './stack-summary';
import { onStopWish } from './stop-wish';

/** The user asked the stack to stop. This is not a failure. */
class StopWish extends Error {}

export class StackUpCommand implements Command {
  readonly name = 'stack up';
  readonly group = 'Local stack';
  readonly summary = 'Run a Control Plane, a Tenant Plane and a demo tenant on this machine';
  readonly about = `Runs a Control Plane and a shared Tenant Plane on this machine, with a demo tenant,
until Ctrl-C or SIGTERM. A plane that crashes is restarted. "npm start" runs the same command after
installing and building.`;
  readonly options = STACK_OPTIONS;
  readonly examples = ['stack up', 'stack up --postgres --data-dir /tmp/atlas'];
  readonly notes = `Environment:
  ATLAS_CP_PORT, ATLAS_TP_PORT  ports (default: 4100 and 4200; 0 for any free port)
  LOG_LEVEL                     log level of both planes (default: info)
Other variables in .env.example are passed on to the planes, except those listed when the stack starts.

Files in the data folder: dev-stack.json contains the credentials, logs/ the logs.`;
  /** npm puts the name of the script that it runs into this variable. */
  readonly calledAs = process.env['npm_lifecycle_event'] === 'start' ? 'npm start --' : undefined;

  async run(given: Given): Promise<number> {
    const options = stackOptions(given, process.env, process.cwd());
    try {
      return await this.runIn(options);
    } catch (error) {
      const fault = storageFault(options.dataDir, error);
      if (fault === undefined) throw error;
      throw new CommandFailure(`${fault}.`, {
        code: 'data_folder',
        hint: 'Alternatively, choose another folder with --data-dir.',
      });
    }
  }

  private async runIn(options: StackOptions): Promise<number> {
    // Files created from here on can be read only by their owner.
    process.umask(0o077);
    const data = new DataDirectory(options.dataDir);
    data.prepare();
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
    const progress = new Progress(stream, stream.isTTY, !process.env['NO_COLOR']);
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
    const ports = [first, second] as const;
    const stack = await startLocalStack({ options, data, processes, progress, ports });
    const summary = options.isJson
      ? jsonSummary(stack.devStack, data.devStack)
      : proseSummary(stack, data.devStack, process.cwd());
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
