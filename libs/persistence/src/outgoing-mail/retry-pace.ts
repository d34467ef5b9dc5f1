const FIRST_DELAY_MS = 30_000;
const MAX_DELAY_MS = 3600_000;
const GIVE_UP_MS = 24 * 3600_000;

interface Attempted {
  readonly attempts: number;
  readonly createdAt: Date;
}

/** When a mail that was not taken is tried again: later each time, and not all at once. Null: a day is enough. */
export function nextMailAttempt(mail: Attempted, now: Date, random: () => number = Math.random): Date | null {
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (mail.attempts - 1)) * (0.5 + random() / 2);
  const next = now.getTime() + delay;
  return next - mail.createdAt.getTime() > GIVE_UP_MS ? null : new Date(next);
}
