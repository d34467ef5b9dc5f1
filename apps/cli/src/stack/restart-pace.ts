const FIRST_MS = 1000;
const MAX_MS = 30_000;
/** How long a process must run to count as healthy, in milliseconds. */
const STEADY_MS = 60_000;

/**
 * The backoff before each restart. It doubles each time,
 * and starts over once the process has run for a minute.
 */
export class RestartPace {
  private nextMs = FIRST_MS;

  waitAfter(ranForMs: number): number {
    if (ranForMs >= STEADY_MS) this.nextMs = FIRST_MS;
    const waitMs = this.nextMs;
    this.nextMs = Math.min(waitMs * 2, MAX_MS);
    return waitMs;
  }
}
