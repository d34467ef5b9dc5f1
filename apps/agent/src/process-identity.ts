import { readFileSync } from 'node:fs';

/** A process, told apart from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Null if this system does not say when a process started. */
  readonly started: string | null;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) };
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  if (started !== null) return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The boot of the machine, and the clock ticks from the boot to the start of the process (proc(5)). Linux only. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${statOf(pid)[19]}`;
  } catch {
    return null;
  }
}

/** The process group of a process. Linux only. */
export function groupOf(pid: number): number {
  return Number(statOf(pid)[2]);
}

/** The fields of /proc/<pid>/stat from the third on. The second is a name, which may contain any character. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
