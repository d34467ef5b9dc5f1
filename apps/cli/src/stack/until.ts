import { setTimeout as delay } from 'node:timers/promises';
import { CommandFailure } from '../failure';

export interface Patience {
  readonly signal?: AbortSignal;
  readonly seconds: number;
  /** What did not happen. " within <seconds> s." is appended. */
  readonly complaint: string;
}

const EVERY_MS = 50;

/**
 * Calls `look` until it returns a value. Throws the signal's
 * reason, or {@link CommandFailure} when the time is up.
 */
export async function until<T>(
  look: () => Promise<T | undefined> | T | undefined,
  patience: Patience,
): Promise<T> {
  const { signal, seconds, complaint } = patience;
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await look();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new CommandFailure(`${complaint} within ${seconds} s.`);
    await delay(EVERY_MS);
  }
}
