import { MAIL_TIMEOUT_MS } from '@atlas/platform';

/** Longer than any attempt takes: what is sent, and the writes before it. */
const CLAIM_MS = MAIL_TIMEOUT_MS + 60_000;
/**
 * An attempt that does not end, since the process dies or the sent mail cannot be removed, leaves nothing but its number: so
 * many take longer than a day, at the pace of those that fail as at that of their claims.
 */
export const MOST_ATTEMPTS = 50;
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

/** Until when an attempt that was begun is its process's: longer each time, as the same mail may be sent by all of them. */
export function claimEnd(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(MAX_DELAY_MS, CLAIM_MS * attempts));
}
