import { rmSync } from 'node:fs';
import { CommandFailure } from '../command';
import { readPrivateFile, writePrivateFile } from './private-file';
import { type ProcessIdentity, identityOf, isRunning, sendSignal } from '@atlas/platform/processes';
import { until } from './until';

export interface ListedProcess extends ProcessIdentity {
  readonly name: string;
  readonly pid: number;
}

interface Listing {
  readonly stack: ListedProcess;
  readonly children: readonly ListedProcess[];
}

/** Postgres: SIGINT ends it without waiting for its clients, and even in haste it must leave by itself. */
const SIGNALS: Readonly<Record<string, readonly [NodeJS.Signals, NodeJS.Signals]>> = {
  postgres: ['SIGINT', 'SIGQUIT'],
};

/** A list can be done without, but not ignored: what is on it may hold ports and databases. */
const ADVICE =
  'It lists processes of an earlier start. End those that still run, delete the file, and start again.';

/** `data/pids.json`: what runs here, for whoever comes after a stack that could not tidy up. */
export class ProcessList {
  constructor(
    private readonly file: string,
    /** Where Control Planes list the tenant planes that they started themselves. */
    private readonly dedicatedFiles: readonly string[] = [],
  ) {}

  /** Ends what an earlier stack left behind. Throws when that one is still running. */
  async claim(): Promise<void> {
    const { stack, children = [] } = this.read() ?? {};
    if (stack && stack.pid !== process.pid && this.isStackRunning)
      throw new CommandFailure(
        `A stack runs on this data directory already (pid ${stack.pid}). End it first, or take another one with --data-dir.`,
      );
    await this.endDedicated();
    await endAll(children, 5);
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

  /** Ends the tenant planes that the Control Plane has started: nobody looks after them once that has ended. */
  async endDedicated(): Promise<void> {
    const listed = this.dedicatedFiles.flatMap(
      (file) => (readPrivateFile(file, ADVICE) ?? []) as ListedProcess[],
    );
    await Promise.all(listed.map((plane) => endAll([plane], 3)));
  }

  /** Ends whatever of the list still runs, and forgets the list. */
  async release(): Promise<void> {
    await this.endDedicated();
    await endAll(this.children(), 1);
    rmSync(this.file, { force: true });
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

/** None when it has ended already. */
function listed(name: string, pid: number): ListedProcess[] {
  const identity = identityOf(pid);
  return identity ? [{ name, pid, ...identity }] : [];
}

async function endAll(processes: readonly ListedProcess[], seconds: number): Promise<void> {
  // Who was started last may need those before it until its end.
  for (const { name, pid, ...identity } of processes.toReversed()) {
    const gone = (): true | undefined => (isRunning(pid, identity) ? undefined : true);
    if (gone()) continue;
    const [politely, atOnce] = SIGNALS[name] ?? ['SIGTERM', 'SIGKILL'];
    const patience = { seconds, complaint: `Process ${pid} (${name}) did not end` };
    sendSignal(pid, politely);
    await until(gone, patience).catch(() => {
      sendSignal(pid, atOnce);
      return until(gone, patience);
    });
  }
}
