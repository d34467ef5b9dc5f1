import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ENDING_WITH_PARENT } from '../ending-with-parent';
import { CommandFailure } from '../failure';

const APP = join(__dirname, '../../tenant-plane');
/** How often to check whether the parent process has changed, in milliseconds. */
const LOOK_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A script of the built tenant plane. */
export type PlaneScript =
  | 'preflight'
  | 'enrol'
  | 'status'
  | 'load-lease'
  | 'ledger'
  | 'support-bundle'
  | 'rehearse-outage'
  | 'backup'
  | 'verify-backup'
  | 'restore-backup'
  | 'main';

export interface ScriptResult {
  readonly code: number;
  /** The JSON document that the script wrote to standard output. */
  readonly document: string;
}

interface ScriptOptions {
  readonly readsInput?: boolean;
  /** The script ends in its own way on Ctrl-C, and this process waits for it. */
  readonly passesSignals?: boolean;
}

/** Runs a script to completion. If the script wrote no document, throws its standard error. */
export async function runPlaneScript(
  script: PlaneScript,
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
  { readsInput = false, passesSignals = false }: ScriptOptions = {},
): Promise<ScriptResult> {
  const child = spawn(process.execPath, [fileOf(script), ...args], {
    env,
    stdio: [readsInput ? 'inherit' : 'ignore', 'pipe', 'pipe'],
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  if (passesSignals) for (const signal of SIGNALS) process.on(signal, pass);
  const [document, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exitOf(child),
  ]).finally(() => SIGNALS.forEach((signal) => process.off(signal, pass)));
  if (document === '')
    throw new CommandFailure(
      complaint.trimEnd() || `${script} exited with code ${code}.`,
      code > 128 ? { exitCode: code, code: 'interrupted' } : {},
    );
  return { code, document };
}

/** Runs the plane in this terminal until it exits or a signal stops it. Resolves to its exit code. */
export async function runPlane(env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [...ENDING_WITH_PARENT, fileOf('main')], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, pass);
  const unwatch = env['npm_command'] === 'exec' ? onOrphaned(() => pass('SIGTERM')) : () => undefined;
  try {
    return await exitOf(child);
  } finally {
    unwatch();
    for (const signal of SIGNALS) process.off(signal, pass);
  }
}

/** npx runs this process in a shell. If a signal kills only the shell, only the parent pid changes. */
function onOrphaned(callback: () => void): () => void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    callback();
  }, LOOK_MS);
  return () => clearInterval(watch);
}

function fileOf(script: PlaneScript): string {
  const file = join(APP, `${script}.js`);
  if (!existsSync(file))
    throw new CommandFailure('The tenant plane is not built yet.', {
      code: 'not_built',
      hint: 'Run npm run build first.',
    });
  return file;
}

/** The exit code as a shell reports it. After a signal, it is 128 plus the signal's number. */
function exitOf(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
