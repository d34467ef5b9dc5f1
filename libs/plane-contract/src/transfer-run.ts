import { randomUUID } from 'node:crypto';

/** A run of a transfer: an attempt of the source to send it, or an import by the target. */
export interface TransferRun {
  /** That of the plane's entry for the transfer. */
  readonly generation: number;
  /** Later than that of any run of the tenant before. */
  readonly begunAt: Date;
}

/**
 * Names a run. Names of one generation sort in the order in which the plane began its runs, so a late request of an earlier
 * run is known as such, even when it is the first of that run to arrive.
 */
export function runName({ generation, begunAt }: TransferRun): string {
  const ordered = [generation, begunAt.getTime()].map((n) => n.toString().padStart(15, '0'));
  return ['run', ...ordered, randomUUID()].join('-');
}

/** Null for the random name that an earlier version chose. */
export function generationOf(name: string): number | null {
  const [, generation] = /^run-(\d{15})-/.exec(name) ?? [];
  return generation === undefined ? null : Number(generation);
}

/** Whether a run began after another. Any is later than none, and of two names without an order each is later. */
export function isLaterRun(name: string, than: string | null): boolean {
  if (than === null) return true;
  const isOrdered = generationOf(name) !== null || generationOf(than) !== null;
  return isOrdered ? name > than : name !== than;
}
