const FIRST_MS = 1000;
/** So that a plane is back in sync soon after the Control Plane is. */
const MAX_MS = 10_000;
const GROWTH = 1.2;

/**
 * When a tenant plane calls the Control Plane again. All planes lose it at one moment; each comes back at another. The time
 * since then is cut into rounds, the first a second long, each a fifth longer than the one before, up to ten seconds. A
 * plane calls once a round, always at the same part of it, which it drew when it lost the Control Plane. So at any moment
 * those that have not called in this round yet, and those that have and call in the next, follow each other evenly,
 * however long the Control Plane was away. A part drawn anew each time would send them back in waves.
 */
export class LinkPace {
  private failures = 0;
  private part = 0;
  private ms = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Before the next call. */
  get pauseMs(): number {
    return this.ms;
  }

  /**
   * The call came to nothing, or what came of it could not be applied. One that took longer than a round had been waiting
   * for news: the Control Plane was lost only now.
   */
  failed(tookMs = 0): void {
    if (tookMs > roundMs(this.failures)) this.failures = 0;
    if (this.failures === 0) this.part = this.random();
    const rest = this.failures === 0 ? 0 : (1 - this.part) * roundMs(this.failures - 1);
    this.ms = rest + this.part * roundMs(this.failures);
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

function roundMs(index: number): number {
  return Math.min(MAX_MS, FIRST_MS * GROWTH ** index);
}
