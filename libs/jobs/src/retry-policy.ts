export const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;

/**
 * When a failed attempt is repeated: exponential with full
 * jitter, so that many do not come back together. Null: no more.
 */
export function nextAttemptAt(now: Date, attempt: number, random: () => number = Math.random): Date | null {
  if (attempt >= MAX_ATTEMPTS) return null;
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return new Date(now.getTime() + ceiling * (0.5 + random() / 2));
}
