import { readFileSync } from 'node:fs';
import { boundLog, startNewLog } from '@atlas/platform/bounded-log';
import { CommandFailure } from '../failure';
import { type Ending, keepRunning } from './keep-running';
import { ManagedProcess, type ProcessSpec } from './managed-process';
import { type ProcessList } from './process-list';

/** The time limits for stopping the planes and for stopping everything, in milliseconds. */
const PLANES_MS = 5000;
const ALL_MS = 9500;
const TAIL_LINES = 15;
/** How often the size of the logs is checked, in milliseconds. */
const BOUND_MS = 10_000;

/**
 * The processes of one stack, listed in `pids.json`. If a process exits while the stack is starting, the
 * stack stops. Once the stack is serving, a plane that exits is restarted.
 */
export class StackProcesses {
  private running: ManagedProcess[] = [];
  private bounding?: NodeJS.Timeout;
  /** Called before a plane is restarted. While undefined, no plane is restarted. */
  private tell?: (text: string) => void;

  constructor(
    private readonly list: ProcessList,
    /** Aborted with the reason when the stack has to stop. */
    private readonly end: AbortController,
  ) {}

  get signal(): AbortSignal {
    return this.end.signal;
  }

  /** Starts a process that runs until the stack stops. */
  async start(spec: ProcessSpec): Promise<ManagedProcess> {
    startNewLog(spec.logFile);
    const started = await this.spawn(spec);
    const kept = keepRunning(started, {
      start: () => this.startAgain(spec),
      isWantedAgain: (how, waitMs) => this.isWantedAgain(spec, how, waitMs),
      signal: this.signal,
    });
    kept.catch((error: unknown) => this.end.abort(error));
    return started;
  }

  /** From this call on, planes that exit are restarted on the same ports. */
  keepPlanes(tell: (text: string) => void): void {
    this.tell = tell;
    this.bounding = setInterval(() => this.boundLogs(), BOUND_MS).unref();
  }

  /** Runs a process to completion. If it fails, resolves to how it exited and its last log lines. */
  async runOnce(spec: ProcessSpec): Promise<string | undefined> {
    startNewLog(spec.logFile);
    const started = await this.spawn(spec);
    const how = await started.exited;
    this.signal.throwIfAborted();
    this.list.remove(started.pid);
    return how === 'with exit code 0' ? undefined : `exited ${how}\n${tailOf(spec.logFile)}`;
  }

  listForeign(name: string, pid: number): void {
    this.list.add(name, pid);
  }

  /** Stops the planes together, then their database, and removes the list. */
  async stop(): Promise<void> {
    this.end.abort(new Error('The stack is stopping.'));
    clearInterval(this.bounding);
    const startedAt = performance.now();
    const left = (ms: number): number => startedAt + ms - performance.now();
    const planes = this.running.filter(({ spec }) => !spec.isDatabase);
    await Promise.all(planes.map((plane) => plane.stop(left(PLANES_MS))));
    await this.list.endDedicated();
    await Promise.all(this.running.map((rest) => rest.stop(left(ALL_MS))));
    await this.list.release();
  }

  get isEmpty(): boolean {
    return this.running.length === 0;
  }

  kill(): void {
    for (const started of this.running) started.kill();
  }

  private boundLogs(): void {
    try {
      for (const { spec } of this.running) boundLog(spec.logFile);
    } catch {
      // If this fails, for example on a full disk, it is retried later. The planes keep serving.
    }
  }

  private isWantedAgain(spec: ProcessSpec, how: string, waitMs: number): boolean {
    // A restarted database would have a different port, unknown to the planes.
    if (!this.tell || spec.isDatabase) {
      this.end.abort(new CommandFailure(deathNotice(spec, how)));
      return false;
    }
    this.tell(
      `The ${spec.name} exited (${how}). Restarting it in ${waitMs / 1000} s. Its log: ${spec.logFile}`,
    );
    return true;
  }

  private async startAgain(spec: ProcessSpec): Promise<Ending> {
    const gone = this.running.filter((one) => one.spec === spec);
    this.running = this.running.filter((one) => one.spec !== spec);
    for (const { pid } of gone) this.list.remove(pid);
    try {
      const started = await this.spawn(spec);
      // If the stack has begun to stop, it may not know of this process.
      if (this.signal.aborted) started.kill();
      return started;
    } catch (error) {
      return { exited: Promise.resolve(`it could not be started: ${(error as Error).message}`) };
    }
  }

  private async spawn(spec: ProcessSpec): Promise<ManagedProcess> {
    this.signal.throwIfAborted();
    const started = await ManagedProcess.start(spec);
    this.running.push(started);
    this.list.add(spec.name, started.pid);
    return started;
  }
}

function deathNotice({ name, logFile }: ProcessSpec, how: string): string {
  return `The ${name} process exited unexpectedly (${how}). Last lines of ${logFile}:\n${tailOf(logFile)}`;
}

export function tailOf(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return lines
    .slice(-TAIL_LINES)
    .map((line) => `  | ${line}`)
    .join('\n');
}
