export const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;

/**
 * When to retry a failed attempt: exponential backoff with jitter, so
 * that many jobs do not retry together. Null if there is no further attempt.
 */
export function nextAttemptAt(now: Date, attempt: number, random: () => number = Math.random): Date | null {
  if (attempt >= MAX_ATTEMPTS) return null;
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return new Date(now.getTime() + ceiling * (0.5 + random() / 2));
}
