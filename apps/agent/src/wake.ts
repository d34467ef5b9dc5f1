import { setTimeout as delay } from 'node:timers/promises';

/** Ends a pause early. A call without a pause ends the next one. */
export class Wake {
  private pending = new AbortController();

  call(): void {
    this.pending.abort();
  }

  async within(ms: number): Promise<void> {
    await pause(ms, this.pending.signal);
    this.pending = new AbortController();
  }
}

/** Ends early if the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
