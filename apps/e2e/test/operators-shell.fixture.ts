import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type TestStack, eventually } from '@atlas/testing';
import { type Ended, endOf } from './atlas-tp.fixture';

const ATLAS = join(__dirname, '../../cli/bin/atlas.mjs');

/** A running `atlas` command. */
export interface RunningAtlas {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits until standard output matches; returns the captured text. */
  shows(pattern: RegExp): Promise<string>;
}

/** The shell in which an operator calls `atlas`. */
export class OperatorsShell {
  private readonly started: RunningAtlas[] = [];

  constructor(private readonly stack: TestStack) {}

  atlas(...words: string[]): Promise<Ended> {
    return this.start(words).ended;
  }

  start(words: readonly string[], key = this.stack.apiKey): RunningAtlas {
    const { PATH } = process.env;
    const env = { PATH, ATLAS_URL: this.stack.controlPlane.url, ATLAS_API_KEY: key };
    const child = spawn(process.execPath, [ATLAS, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const shows = async (pattern: RegExp): Promise<string> =>
      (await eventually(() => pattern.exec(out), { what: `atlas ${words[0]} shows ${pattern}` }))[1] ?? '';
    const running = { child, ended: endOf(child), shows };
    this.started.push(running);
    return running;
  }

  endAll(): void {
    for (const { child } of this.started) child.kill('SIGKILL');
  }
}
