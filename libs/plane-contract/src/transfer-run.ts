import { randomUUID } from 'node:crypto';

/** A run of a transfer: one attempt by the source to send it, or one import by the target. */
export interface TransferRun {
  /** The generation in the plane's entry for the transfer. */
  readonly generation: number;
  /** Later than the start of any previous run of the tenant. */
  readonly begunAt: Date;
}

/**
 * Names a run. Names of one generation sort in the order in which the plane started its runs, so a late
 * request from an earlier run is recognised, even if it is that run's first request to arrive.
 */
export function runName({ generation, begunAt }: TransferRun): string {
  const ordered = [generation, begunAt.getTime()].map((n) => n.toString().padStart(15, '0'));
  return ['run', ...ordered, randomUUID()].join('-');
}

/** Null for the random names of earlier versions. */
export function generationOf(name: string): number | null {
  const [, generation] = /^run-(\d{15})-/.exec(name) ?? [];
  return generation === undefined ? null : Number(generation);
}

/**
 * Whether a run started after another run. Any run counts as later than null. Of two names that cannot be
 * ordered, each counts as later than the other.
 */
export function isLaterRun(name: string, than: string | null): boolean {
  if (than === null) return true;
  const isOrdered = generationOf(name) !== null || generationOf(than) !== null;
  return isOrdered ? name > than : name !== than;
}
