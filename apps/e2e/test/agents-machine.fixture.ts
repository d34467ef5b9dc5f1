import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile, eventually } from '@atlas/testing';
import { type Ended, endOf } from './atlas-tp.fixture';

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  output(): string;
}

/** A machine on which the agent runs: a folder, and the file that its commands write to. */
export class AgentsMachine {
  private readonly root = mkdtempSync(join(tmpdir(), 'atlas-agent-'));
  readonly folder = join(this.root, 'agent');
  private readonly started: Running[] = [];

  constructor() {
    writeFileSync(join(this.root, 'effects'), '');
  }

  get effectsFile(): string {
    return join(this.root, 'effects');
  }

  /** The lines that commands have appended. */
  effects(): string[] {
    return readFileSync(this.effectsFile, 'utf8').split('\n').slice(0, -1);
  }

  /** Writes the agent's own list of commands. */
  allow(commands: readonly object[]): void {
    writeFileSync(join(this.folder, 'allowed-commands.json'), JSON.stringify({ commands }), { mode: 0o600 });
  }

  /** The stored step under way, or null. */
  stored(): Record<string, unknown> | null {
    const path = join(this.folder, 'state.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : null;
  }

  store(state: object): void {
    writeFileSync(join(this.folder, 'state.json'), JSON.stringify(state), { mode: 0o600 });
  }

  call(words: readonly string[], { input = '', env = {} } = {}): Promise<Ended> {
    const { child, ended } = this.spawn(words, env);
    child.stdin?.end(input);
    return ended;
  }

  async enrol(url: string, key: string): Promise<void> {
    const { code, err } = await this.call(['enrol', '--url', url], { input: key });
    if (code !== 0) throw new Error(err);
  }

  run(): Running {
    return this.spawn(['run']);
  }

  async remove(): Promise<void> {
    for (const { child } of this.started) child.kill('SIGKILL');
    await Promise.all(this.started.map(({ ended }) => ended));
    // Commands that a test has left behind.
    for (const pid of processesWith(this.root)) process.kill(pid, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }

  private spawn(words: readonly string[], own: NodeJS.ProcessEnv = {}): Running {
    const env = { PATH: process.env['PATH'], ATLAS_AGENT_DIR: this.folder, ...own };
    const child = spawn(process.execPath, [builtFile('agent', 'atlas-agent.cjs'), ...words], { env });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const running = { child, ended: endOf(child), output: () => output };
    this.started.push(running);
    return running;
  }
}

/** The live processes whose command line contains the text. Linux only. */
export function processesWith(text: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

export function gone(text: string): Promise<boolean> {
  return eventually(() => processesWith(text).length === 0, { what: `no process has ${text}` });
}
