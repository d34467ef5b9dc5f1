import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** What distinguishes a running process from a later process that reuses its pid. */
export interface ProcessIdentity {
  readonly command: string;
  /** In the system's own format. */
  readonly startedAt: string;
}

/** Returns undefined if the process does not exist or is a zombie. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  try {
    return existsSync('/proc/self/stat') ? readProc(pid) : askPs(pid);
  } catch {
    return undefined;
  }
}

/**
 * A process that has just started has no command line yet. Linux sets the command line once the program has
 * been loaded.
 */
const LOADING = { looks: 20, pauseMs: 1 };

function readProc(pid: number, looksLeft = LOADING.looks): ProcessIdentity | undefined {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  // The name, in parentheses, may contain any character, so fields are counted from its end. Field 22 is the
  // start time (proc(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ') ?? [];
  if (command !== '') return { command, startedAt: fields[19] ?? '' };
  const hasEnded = fields[0] === 'Z';
  if (hasEnded || looksLeft === 0) return undefined;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOADING.pauseMs);
  return readProc(pid, looksLeft - 1);
}

function askPs(pid: number): ProcessIdentity {
  const ask = (field: string): string =>
    execFileSync('ps', ['-ww', '-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  return { command: ask('args'), startedAt: ask('lstart') };
}

export function isRunning(pid: number, { command, startedAt }: ProcessIdentity): boolean {
  const found = identityOf(pid);
  return found?.command === command && found.startedAt === startedAt;
}

/** Signals a process, or a process group if `pid` is negative. The process may already have exited. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The state of a listening socket in /proc/net/tcp (proc(5)). */
const LISTENING = '0A';

/**
 * The process that listens on a TCP port of this machine; undefined if unknown, for example because it
 * belongs to another user.
 */
export function listenerOn(port: number): number | undefined {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((family) => listeningOn(port, family)));
  if (sockets.size === 0) return undefined;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => filesOf(pid).some((file) => sockets.has(file)));
  return found === undefined ? undefined : Number(found);
}

function listeningOn(port: number, family: string): string[] {
  const table = `/proc/net/${family}`;
  if (!existsSync(table)) return [];
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(table, 'utf8').split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, address, , state]) => address?.endsWith(hex) && state === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`);
}

function filesOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((file) => linkOf(`/proc/${pid}/fd/${file}`));
  } catch {
    // The process belongs to another user, or has exited.
    return [];
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

/** Text such as ` (process 42)` for a message; empty if the process is unknown. */
export function namedListener(port: number): string {
  const pid = listenerOn(port);
  return pid === undefined ? '' : ` (process ${pid})`;
}
