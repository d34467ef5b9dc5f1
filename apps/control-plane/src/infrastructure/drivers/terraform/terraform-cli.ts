import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { sendSignal } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { redact } from '../../../sealing/redact';
import {
  type TerraformCommandName,
  failureOf,
  terraformInterrupted,
  terraformKilled,
  terraformMissing,
  terraformTimeout,
} from './terraform-failures';
import { TerraformLog } from './terraform-log';
import { errorsIn, isChange, progressOf } from './terraform-messages';

const LOOK_MS = 200;
/** How long Terraform may take after SIGINT to stop its work and write its state. */
const GRACE_MS = 30_000;

export interface TerraformCommand {
  readonly name: TerraformCommandName;
  readonly args?: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMinutes: number;
  /** Redacted from logs and errors. */
  readonly secrets?: readonly string[];
  /**
   * Aborted once another worker has taken over the job. An apply
   * that has already started to change something may still finish.
   */
  readonly lost?: AbortSignal;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs the terraform binary on the PATH. If the Control Plane is killed, the terraform process keeps
 * running and finishes its work. Otherwise, Terraform could lose track of resources that were requested
 * but are not yet in the state. The lock on the state makes the next worker wait for the process.
 */
export class TerraformCli {
  private readonly logger = new Logger('Terraform');
  private readonly running = new Set<ChildProcess>();
  private isEnding = false;

  /** Returns the lines that the command prints. @throws StepFailure */
  async run(command: TerraformCommand): Promise<readonly string[]> {
    if (this.isEnding) throw terraformInterrupted();
    const { name, directory, secrets = [], lost } = command;
    lost?.throwIfAborted();
    const output = new TerraformLog(join(directory, `${name}.log`));
    const errors = new TerraformLog(join(directory, `${name}.err.log`));
    const lines: string[] = [];
    const look = (): void => {
      for (const line of output.newLines()) {
        lines.push(line);
        const progress = progressOf(line);
        if (progress) this.logger.log(redact(progress, secrets));
      }
    };
    const hasBegun = (): boolean => {
      look();
      return lines.some(isChange);
    };
    const timer = setInterval(look, LOOK_MS);
    try {
      const { code, signal } = await this.spawn(command, [output.fd, errors.fd], hasBegun);
      look();
      if (code === 0) return lines;
      if (this.isEnding) throw terraformInterrupted();
      lost?.throwIfAborted();
      if (code === null) throw terraformKilled(name, signal);
      throw failureOf(name, redact(errorsIn(lines, errors.newLines()), secrets));
    } finally {
      clearInterval(timer);
      // `terraform output` prints secrets, so its log is
      // deleted. The other logs are kept for troubleshooting.
      output.close({ isKept: name !== 'output' });
      errors.close({ isKept: name !== 'output' });
    }
  }

  /** Stops every running process at its next safe point, and starts no more. */
  async end(): Promise<void> {
    this.isEnding = true;
    await Promise.all([...this.running].map((child) => this.interrupt(child)));
  }

  private async spawn(
    command: TerraformCommand,
    [out, err]: readonly [number, number],
    hasBegun: () => boolean,
  ): Promise<Ended> {
    const { name, args = [], directory, env, timeoutMinutes, lost } = command;
    // In its own process group, so that it does not directly receive a Ctrl-C from our terminal.
    const child = spawn('terraform', [name, ...args], {
      cwd: directory,
      env,
      detached: true,
      stdio: ['ignore', out, err],
    });
    const ended = exitOf(child);
    this.running.add(child);
    if (child.pid !== undefined)
      this.logger.log({ msg: `terraform ${name} started`, terraformPid: child.pid, directory });
    let isLate = false;
    const deadline = setTimeout(() => {
      isLate = true;
      void this.interrupt(child);
    }, timeoutMinutes * 60_000);
    const giveUp = (): void => {
      // Interrupting Terraform while it creates a resource taints that
      // resource. Terraform would later replace it, even if it is a database.
      if (child.pid !== undefined && !hasBegun()) sendSignal(child.pid, 'SIGINT');
    };
    lost?.addEventListener('abort', giveUp);
    const { code, signal } = await ended.finally(() => {
      clearTimeout(deadline);
      lost?.removeEventListener('abort', giveUp);
      this.running.delete(child);
    });
    if (isLate && code !== 0) throw terraformTimeout(name, timeoutMinutes);
    return { code, signal };
  }

  private async interrupt(child: ChildProcess): Promise<void> {
    const { pid } = child;
    if (pid === undefined) return;
    const kill = setTimeout(() => sendSignal(-pid, 'SIGKILL'), GRACE_MS);
    sendSignal(pid, 'SIGINT');
    await exitOf(child).catch(() => undefined);
    clearTimeout(kill);
  }
}

function exitOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? terraformMissing() : error),
    );
  });
}
