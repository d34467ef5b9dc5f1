const FIRST_MS = 1000;
/** So that a plane is back in sync soon after the Control Plane is. */
const MAX_MS = 10_000;
const GROWTH = 1.2;

/**
 * When a tenant plane calls the Control Plane again. All planes lose it at one moment, so each comes back at another: the
 * first pause is anything up to a second, those after it at least half as long as they may be, and they grow slowly.
 * Doubling them, as is usual, sends the planes back in waves; this way those that come back within half a second are at
 * most twice as many as on average, however long the Control Plane was away.
 */
export class LinkPace {
  private failures = 0;
  private ms = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Before the next call. */
  get pauseMs(): number {
    return this.ms;
  }

  /** The call came to nothing, or what came of it could not be applied. */
  failed(): void {
    const most = Math.min(MAX_MS, FIRST_MS * GROWTH ** this.failures);
    const least = this.failures === 0 ? 0 : most / 2;
    this.ms = least + this.random() * (most - least);
    this.failures += 1;
  }

  /** The call was answered, and what came of it is applied. */
  succeeded(): void {
    this.failures = 0;
    this.ms = 0;
  }

  /** The poll was answered without news. Long before its time, that is the farewell of a process that ends. */
  heardNothing({ waitedMs, askedMs }: { readonly waitedMs: number; readonly askedMs: number }): void {
    this.succeeded();
    if (waitedMs < askedMs / 2) this.failed();
  }
}
