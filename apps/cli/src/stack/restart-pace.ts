const FIRST_MS = 1000;
const MAX_MS = 30_000;
/** Whoever ran this long is taken to be well, in milliseconds. */
const STEADY_MS = 60_000;

/** How long a process that has ended waits for its next start: twice as long each time, until it ran for a minute. */
export class RestartPace {
  private nextMs = FIRST_MS;

  waitAfter(ranForMs: number): number {
    if (ranForMs >= STEADY_MS) this.nextMs = FIRST_MS;
    const waitMs = this.nextMs;
    this.nextMs = Math.min(waitMs * 2, MAX_MS);
    return waitMs;
  }
}
