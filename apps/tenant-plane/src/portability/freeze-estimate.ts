import { LEVEL_CHANGES } from '@atlas/plane-contract';

/** A freeze is begun when sending and importing what is left then is expected to take no longer. */
const SHORT_MS = 1000;
/** As long as this where it gets no shorter; a third of the time after which the Control Plane undoes the move. */
const LONG_MS = 10_000;
/** After so many parts in a row without a better estimate it gets no shorter, and after more of them the move fails. */
const PATIENCE = { long: 20, none: 500 } as const;

/** What a part of changes takes along, and what waits behind it. */
export interface Backlog {
  readonly taken: number;
  readonly left: number;
}

/**
 * Whether a tenant that is never at rest may be frozen. One that writes much always has changes waiting, so their number says
 * little: what counts is how long its users would have to wait.
 */
export class FreezeEstimate {
  /** Of a part: from when it was cut until the next could be. */
  private partMs = Infinity;
  private best = Infinity;
  private partsSinceBest = 0;

  notePart(ms: number): void {
    this.partMs = ms;
  }

  /** Asked once for each part. */
  isNear({ taken, left }: Backlog): boolean {
    if (left === 0 && taken <= LEVEL_CHANGES) return true;
    const ms = (1 + left / Math.max(1, taken)) * this.partMs;
    this.partsSinceBest = ms < this.best ? 0 : this.partsSinceBest + 1;
    this.best = Math.min(this.best, ms);
    return ms <= (this.partsSinceBest < PATIENCE.long ? SHORT_MS : LONG_MS);
  }

  /** That a part was not near the end will not change any more. */
  get isHopeless(): boolean {
    return this.partsSinceBest >= PATIENCE.none;
  }
}
