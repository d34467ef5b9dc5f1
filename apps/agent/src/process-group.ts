import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { groupOf } from './process-identity';

const GRACE_MS = 5000;
const LOOK_MS = 50;

/** Set for each command, so that its processes can be found after a crash of the agent. */
export const LEASE_VARIABLE = 'ATLAS_LEASE_ID';

/** Asks all processes of a group to end, and kills those that are left after the grace period. */
export async function endGroup(group: number): Promise<void> {
  if (!signalGroup(group, 'SIGTERM')) return;
  for (let waitedMs = 0; waitedMs < GRACE_MS; waitedMs += LOOK_MS) {
    await delay(LOOK_MS);
    if (!signalGroup(group, 0)) return;
  }
  signalGroup(group, 'SIGKILL');
}

/**
 * Ends what a crashed agent has left of a command. A process id may have been given to another process since,
 * so a group is ended only if the environment of one of its processes names the lease. Without /proc, nothing
 * is ended.
 */
export async function endLeftovers(leaseId: string, group: number | null): Promise<void> {
  await Promise.all([...groupsOf(leaseId)].filter((one) => group === null || one === group).map(endGroup));
}

/** The process groups that run commands of the lease. */
function groupsOf(leaseId: string): Set<number> {
  const mark = `\0${LEASE_VARIABLE}=${leaseId}\0`;
  const groups = processIds().flatMap((pid) => {
    try {
      return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(mark) ? [groupOf(pid)] : [];
    } catch {
      // It has ended, or belongs to another user.
      return [];
    }
  });
  return new Set(groups);
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Whether there is a process in the group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  // 0 and 1 would name this process's own group and all processes.
  if (group <= 1) return false;
  try {
    return process.kill(-group, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
