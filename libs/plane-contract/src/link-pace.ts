const FIRST_MS = 1000;
/** Limits the delay after the Control Plane comes back. */
const MAX_MS = 10_000;
const GROWTH = 1.2;

/**
 * Decides when a tenant plane calls the Control Plane again. In an outage, all planes lose the Control Plane
 * at the same moment, and they must not all return at once. The time since that moment is divided into
 * rounds. The first round lasts a second, and each following round lasts a fifth longer than the one before,
 * up to ten seconds. A plane calls once per round, always at the same fraction of the round, which it chooses
 * at random when it loses the Control Plane. So the calls are spread evenly at any moment, no matter how long
 * the outage lasts. With a new fraction for each round, the planes would return in waves.
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
   * The call failed, or its response could not be applied. A call that took longer than a round had been
   * waiting for news, so contact with the Control Plane has only just been lost.
   */
  failed(tookMs = 0): void {
    if (tookMs > roundMs(this.failures)) this.failures = 0;
    if (this.failures === 0) this.part = this.random();
    const rest = this.failures === 0 ? 0 : (1 - this.part) * roundMs(this.failures - 1);
    this.ms = rest + this.part * roundMs(this.failures);
    this.failures += 1;
  }

  /** The call got a response, and the response has been applied. */
  succeeded(): void {
    this.failures = 0;
    this.ms = 0;
  }

  /**
   * The poll got a response without news. A response well before the timeout means that the responding
   * process is shutting down.
   */
  heardNothing({ waitedMs, askedMs }: { readonly waitedMs: number; readonly askedMs: number }): void {
    this.succeeded();
    if (waitedMs < askedMs / 2) this.failed();
  }
}

function roundMs(index: number): number {
  return Math.min(MAX_MS, FIRST_MS * GROWTH ** index);
}
