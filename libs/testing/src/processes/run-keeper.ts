import { readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { sendSignal } from '@atlas/platform/processes';

/** The argument is the folder of the run. See RunFolder. */
const [, , folder = ''] = process.argv;
const PATIENCE_MS = 3000;
const LOOK_MS = 50;

/**
 * Processes started with the folder as TMPDIR, or running below it. Reads /proc, so it finds none except on
 * Linux.
 */
function processesOfRun(): number[] {
  return pids().filter((pid) => pid !== process.pid && (runsBelow(pid) || hasFolder(pid)));
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number);
  } catch {
    return [];
  }
}

function runsBelow(pid: number): boolean {
  return `${look(() => readlinkSync(`/proc/${pid}/cwd`))}/`.startsWith(`${folder}/`);
}

function hasFolder(pid: number): boolean {
  const environment = look(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
  return environment.split('\0').includes(`TMPDIR=${folder}`);
}

/** Reading fails if the process has exited or belongs to another user. */
function look(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

async function endRun(): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const deadline = Date.now() + PATIENCE_MS;
    for (const pid of processesOfRun()) sendSignal(pid, signal);
    while (processesOfRun().length > 0 && Date.now() < deadline) await delay(LOOK_MS);
  }
  rmSync(folder, { recursive: true, force: true });
}

// Nx sends these signals to all its descendants. This process ignores them, because it must be the last to
// exit.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.once('disconnect', () => void endRun());
