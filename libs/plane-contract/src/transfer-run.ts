import { randomUUID } from 'node:crypto';

/**
 * Names a run of a transfer: an attempt of the source to send it, or an import by the target. Names sort in the order in
 * which a plane began its runs, so a late request of an earlier run is known as such, even when it is the first of that run to
 * arrive. `begunAt` must be later than that of any run of this tenant before.
 */
export function runName(begunAt: Date): string {
  // Behind every random UUID, which is what earlier versions name their runs.
  return `run-${begunAt.getTime().toString().padStart(15, '0')}-${randomUUID()}`;
}

/** Whether a run began after another. Any is later than none. */
export function isLaterRun(name: string, than: string | null): boolean {
  return than === null || name > than;
}

/** Sorts behind this run, and before every run that began later. */
export function behindRun(name: string): string {
  return `${name}~`;
}
