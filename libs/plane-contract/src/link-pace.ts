const FIRST_MS = 1000;
/** Keeps the delay short after the Control Plane comes back. */
const MAX_MS = 10_000;
const GROWTH = 1.2;

/**
 * When a tenant plane calls the Control Plane again. All planes lose it at the same moment and must not
 * return together. The time since then is divided into rounds: the first is a second long, each next one a
 * fifth longer, up to ten seconds. A plane calls once per round, always at the same fraction of it, drawn
 * when it lost the Control Plane. So the calls are spread evenly at any moment, however long the outage
 * lasts. Drawing a new fraction each time would send the planes back in waves.
 */
export class LinkPace {
  private failures = 0;
  private part = 0;
  private ms = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** The pause before the next call. */
  get pauseMs(): number {
    return this.ms;
  }

  /**
   * The call failed, or its answer could not be applied. A call that took longer than a round had been
   * waiting for news, so the Control Plane was lost only now.
   */
  failed(tookMs = 0): void {
    if (tookMs > roundMs(this.failures)) this.failures = 0;
    if (this.failures === 0) this.part = this.random();
    const rest = this.failures === 0 ? 0 : (1 - this.part) * roundMs(this.failures - 1);
    this.ms = rest + this.part * roundMs(this.failures);
    this.failures += 1;
  }

  /** The call was answered and its answer is applied. */
  succeeded(): void {
    this.failures = 0;
    this.ms = 0;
  }

  /** The poll was answered without news. Well before its timeout, that means the process is shutting down. */
  heardNothing({ waitedMs, askedMs }: { readonly waitedMs: number; readonly askedMs: number }): void {
    this.succeeded();
    if (waitedMs < askedMs / 2) this.failed();
  }
}

function roundMs(index: number): number {
  return Math.min(MAX_MS, FIRST_MS * GROWTH ** index);
}
