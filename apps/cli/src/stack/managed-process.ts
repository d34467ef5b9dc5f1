import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { sendSignal } from '@atlas/platform/processes';
import { ENDING_WITH_PARENT } from '../ending-with-parent';

export interface ProcessSpec {
  readonly name: string;
  /** A compiled script. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Sent to the script's standard input. */
  readonly input?: string;
  /** Whether this is the database, which is stopped last and cleans up its own process group. */
  readonly isDatabase?: boolean;
}

/**
 * A Node process that the stack starts. It has its own process group, so that Ctrl-C in the terminal reaches
 * only the stack's own process, which then stops the others in the right order.
 */
export class ManagedProcess {
  /** Resolves to a description of how the process exited. */
  readonly exited: Promise<string>;
  private hasExited = false;

  private constructor(
    readonly spec: ProcessSpec,
    readonly child: ChildProcess,
    readonly pid: number,
  ) {
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) =>
        resolve(code === null ? `by ${signal}` : `with exit code ${code}`),
      );
    });
    void this.exited.then(() => {
      this.hasExited = true;
      // Kills any processes that the exited process started.
      if (!spec.isDatabase) sendSignal(-pid, 'SIGKILL');
    });
  }

  static async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const { script, args = [], env, logFile, input } = spec;
    const log = openSync(logFile, 'a', 0o600);
    try {
      const child = spawn(process.execPath, [...ENDING_WITH_PARENT, script, ...args], {
        env,
        detached: true,
        stdio: [input === undefined ? 'ignore' : 'pipe', log, log, 'ipc'],
      });
      const { pid } = child;
      if (pid === undefined) throw (await once(child, 'error'))[0];
      child.stdin?.on('error', () => undefined).end(input);
      return new ManagedProcess(spec, child, pid);
    } finally {
      closeSync(log);
    }
  }

  /** Sends SIGTERM to the process and, after `patienceMs`, SIGKILL to its whole group. */
  async stop(patienceMs: number): Promise<void> {
    if (this.hasExited) return;
    const tooLate = setTimeout(() => this.kill(), Math.max(patienceMs, 0));
    sendSignal(this.pid, 'SIGTERM');
    await this.exited;
    clearTimeout(tooLate);
  }

  kill(): void {
    if (!this.hasExited) sendSignal(-this.pid, 'SIGKILL');
  }
}
