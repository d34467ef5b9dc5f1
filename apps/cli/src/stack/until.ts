import { setTimeout as delay } from 'node:timers/promises';
import { CommandFailure } from '../command';

export interface Patience {
  readonly signal?: AbortSignal;
  readonly seconds: number;
  /** The end of the sentence "… did not happen within <seconds> s". */
  readonly complaint: string;
}

const EVERY_MS = 50;

/** Looks again and again until there is an answer. Throws the signal's reason, or {@link CommandFailure} when too late. */
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
