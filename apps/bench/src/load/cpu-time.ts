import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Linux counts CPU time in ticks of 1/USER_HZ seconds. USER_HZ is 100 on every common architecture. */
const TICK_MS = 10;

interface Usage {
  readonly parent: number;
  readonly ownMs: number;
  /** The CPU time of children that have exited. */
  readonly childrenMs: number;
}

/**
 * Whether CPU time can be read. CPU time shows what a call costs, regardless of other load on the machine.
 */
export const canReadCpuTime = existsSync('/proc/self/stat');

export function cpuMs(pid: number): number {
  return usageOf(pid)?.ownMs ?? NaN;
}

/**
 * The CPU time of a process and all its children, including children that have exited. The children of a
 * Postgres server include one process for each connection.
 */
export function familyCpuMs(pid: number): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => usageOf(Number(name)))
    .filter((usage) => usage?.parent === pid);
  const self = usageOf(pid);
  const alive = children.reduce((sum, usage) => sum + (usage?.ownMs ?? 0), 0);
  return self ? self.ownMs + self.childrenMs + alive : NaN;
}

/**
 * Undefined if the process has exited. In `/proc/pid/stat`, the process name is in parentheses and may itself
 * contain any character (see proc(5)).
 */
function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent, user, system, childUser, childSystem] = [1, 11, 12, 13, 14].map((n) => Number(fields[n]));
    return {
      parent: parent ?? NaN,
      ownMs: ((user ?? NaN) + (system ?? NaN)) * TICK_MS,
      childrenMs: ((childUser ?? NaN) + (childSystem ?? NaN)) * TICK_MS,
    };
  } catch {
    return undefined;
  }
}
