import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtFile } from '@atlas/testing';

/**
 * A customer's server with an `atlas-agent`, which may run one command: a script that writes down each of its
 * runs.
 */
export class ServerWithAgent {
  readonly command: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'atlas-server-'));
  private readonly log = join(this.folder, 'runs.log');
  private running: ChildProcess | undefined;

  constructor() {
    this.command = join(this.folder, 'free-disk');
    const script = `#!/bin/sh\necho "$1" >> ${this.log}\necho "The disk of $1 has space again."\n`;
    writeFileSync(this.command, script, { mode: 0o755 });
  }

  async enrol(url: string, key: string): Promise<void> {
    const env = { PATH: process.env['PATH'], ATLAS_AGENT_KEY: key };
    const words = [builtFile('agent', 'atlas-agent.cjs'), 'enrol', '--dir', this.agentFolder, '--url', url];
    await promisify(execFile)(process.execPath, words, { env });
    const commands = [{ command: this.command, args: ['*'] }];
    writeFileSync(join(this.agentFolder, 'allowed-commands.json'), JSON.stringify({ commands }), {
      mode: 0o600,
    });
    const run = [builtFile('agent', 'atlas-agent.cjs'), 'run', '--dir', this.agentFolder];
    this.running = spawn(process.execPath, run, { env: { PATH: process.env['PATH'] }, stdio: 'ignore' });
  }

  /** The hosts for which the command has run, in this order. */
  runs(): string[] {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8').trim().split('\n') : [];
  }

  async remove(): Promise<void> {
    if (this.running) {
      const ended = once(this.running, 'exit');
      if (this.running.kill('SIGKILL')) await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get agentFolder(): string {
    return join(this.folder, 'agent');
  }
}
