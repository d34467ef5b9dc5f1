import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { COMMAND_PATH, type Program } from './allow-list';
import { LEASE_VARIABLE, endGroup } from './process-group';

/** How long output may still arrive from a process that has left the group. */
const DRAIN_MS = 1000;
/** What a command inherits. The agent's other variables, and its key, stay with the agent. */
const INHERITED = ['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ'];

/** A command that could not be started. */
export class NotStarted extends Error {}

/** A command and the processes it has started, in a process group of their own. */
export class RunningCommand {
  private constructor(
    private readonly child: ChildProcess,
    readonly group: number,
    /** The exit code of the command itself. As in a shell, 128 and the signal if a signal ended it. */
    readonly exitCode: Promise<number>,
    private readonly closed: Promise<unknown>,
  ) {}

  /** Throws {@link NotStarted}. */
  static async start(
    { file, args }: Program,
    { leaseId, cwd, onOutput }: { leaseId: string; cwd: string; onOutput: (bytes: Buffer) => void },
  ): Promise<RunningCommand> {
    const child = spawned(file, args, cwd, leaseId);
    const exitCode = new Promise<number>((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL'])),
    );
    const closed = new Promise((resolve) => child.once('close', resolve));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', onOutput);
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new NotStarted(error.message)));
    });
    return new RunningCommand(child, child.pid ?? 0, exitCode, closed);
  }

  /** Ends all processes of the group. */
  stop(): Promise<void> {
    return endGroup(this.group);
  }

  /** Ends what the command has left running, and returns when the output has been read. */
  async end(): Promise<void> {
    await this.stop();
    await Promise.race([this.closed, delay(DRAIN_MS)]);
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }
}

function spawned(file: string, args: readonly string[], cwd: string, leaseId: string): ChildProcess {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const env = { ...Object.fromEntries(inherited), PATH: COMMAND_PATH, [LEASE_VARIABLE]: leaseId };
  try {
    return spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    // For example, an argument contains a NUL character.
    throw new NotStarted((error as Error).message);
  }
}
