import { rmSync } from 'node:fs';
import { type ProcessIdentity, identityOf, isRunning, sendSignal } from '@atlas/platform/processes';
import { CommandFailure } from '../failure';

import { readPrivateFile, writePrivateFile } from './private-file';
import { until } from './until';
import { whileLocked } from './while-locked';

export interface ListedProcess extends ProcessIdentity {
  readonly name: string;
  readonly pid: number;
}

interface Listing {
  readonly stack: ListedProcess;
  readonly children: readonly ListedProcess[];
}

/**
 * Used instead of SIGTERM and SIGKILL. SIGINT makes Postgres stop without waiting for its clients. SIGQUIT,
 * unlike SIGKILL, makes Postgres free its shared memory.
 */
const SIGNALS: Readonly<Record<string, readonly [NodeJS.Signals, NodeJS.Signals]>> = {
  postgres: ['SIGINT', 'SIGQUIT'],
};

/** A damaged list must not be ignored, because its processes may still use ports and databases. */
const ADVICE =
  'It lists processes of an earlier start. Stop those still running, delete the file, then start again.';

/**
 * `data/pids.json`: the running processes. After a crash, the next start stops those that are still running.
 */
export class ProcessList {
  constructor(
    private readonly file: string,
    /** The files in which the Control Plane lists the tenant planes that it started. */
    private readonly dedicatedFiles: readonly string[] = [],
  ) {}

  /**
   * Lists this process as the stack, then stops the processes that an earlier stack left behind. Throws if
   * that stack is still running. If several processes claim the list at once, all except one throw.
   */
  async claim(): Promise<void> {
    const isClaimed = await whileLocked(`${this.file}.lock`, () => this.takeOver());
    if (!isClaimed) throw alreadyRunning(this.read()?.stack);
    await this.endDedicated();
    await endAll(this.children(), 5);
    this.write([]);
  }

  get isStackRunning(): boolean {
    const stack = this.read()?.stack;
    return stack !== undefined && isRunning(stack.pid, stack);
  }

  add(name: string, pid: number): void {
    this.write([...this.children(), ...listed(name, pid)]);
  }

  remove(pid: number): void {
    this.write(this.children().filter((child) => child.pid !== pid));
  }

  /** Stops the tenant planes that the Control Plane started and that nothing supervises without it. */
  async endDedicated(): Promise<void> {
    const listed = this.dedicatedFiles.flatMap(
      (file) => (readPrivateFile(file, ADVICE) ?? []) as ListedProcess[],
    );
    await Promise.all(listed.map((plane) => endAll([plane], 3)));
  }

  /** Stops the listed processes that are still running, and removes the list. */
  async release(): Promise<void> {
    await this.endDedicated();
    await endAll(this.children(), 1);
    rmSync(this.file, { force: true });
  }

  /** Keeps the children in the list, because this process may be killed before it has stopped them. */
  private takeOver(): true {
    const stack = this.read()?.stack;
    if (stack && stack.pid !== process.pid && this.isStackRunning) throw alreadyRunning(stack);
    this.write(this.children());
    return true;
  }

  private read(): Listing | undefined {
    return readPrivateFile(this.file, ADVICE) as Listing | undefined;
  }

  private children(): readonly ListedProcess[] {
    return this.read()?.children ?? [];
  }

  private write(children: readonly ListedProcess[]): void {
    const [stack] = listed('stack', process.pid);
    writePrivateFile(this.file, { stack, children });
  }
}

function alreadyRunning(stack: ListedProcess | undefined): CommandFailure {
  const pid = stack ? ` (pid ${stack.pid})` : '';
  return new CommandFailure(`A stack is already running on this data folder${pid}.`, {
    code: 'already_running',
    hint: 'Stop it first, or choose another folder with --data-dir.',
  });
}

/** Empty if the process has already exited. */
function listed(name: string, pid: number): ListedProcess[] {
  const identity = identityOf(pid);
  return identity ? [{ name, pid, ...identity }] : [];
}

async function endAll(processes: readonly ListedProcess[], seconds: number): Promise<void> {
  // In reverse order, since later processes may need earlier ones while they stop.
  for (const { name, pid, ...identity } of processes.toReversed()) {
    const gone = (): true | undefined => (isRunning(pid, identity) ? undefined : true);
    if (gone()) continue;
    const [politely, atOnce] = SIGNALS[name] ?? ['SIGTERM', 'SIGKILL'];
    const patience = { seconds, complaint: `Process ${pid} (${name}) did not exit` };
    sendSignal(pid, politely);
    await until(gone, patience).catch(() => {
      sendSignal(pid, atOnce);
      return until(gone, patience);
    });
  }
}
