import { readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { sendSignal } from '@atlas/platform/processes';

/** Of the run whose folder is the argument; see RunFolder. */
const [, , folder = ''] = process.argv;
const PATIENCE_MS = 3000;
const LOOK_MS = 50;

/** Those that were started with the folder as TMPDIR, or run below it (Linux: read from /proc; elsewhere nobody is found). */
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

/** It may have ended, or be another user's. */
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

// Nx sends them to every process below it; this one ends after all others.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.once('disconnect', () => void endRun());
