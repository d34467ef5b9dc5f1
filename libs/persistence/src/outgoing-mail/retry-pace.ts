import { MAIL_TIMEOUT_MS } from '@atlas/platform';

/** Longer than any attempt takes, including the writes before it. */
const CLAIM_MS = MAIL_TIMEOUT_MS + 60_000;
/**
 * An attempt that never ends, because the process dies or the sent mail cannot be removed, leaves only its
 * number. This many take longer than a day, at the pace of failures and of claims alike.
 */
export const MOST_ATTEMPTS = 50;
const FIRST_DELAY_MS = 30_000;
const MAX_DELAY_MS = 3600_000;
const GIVE_UP_MS = 24 * 3600_000;

interface Attempted {
  readonly attempts: number;
  readonly createdAt: Date;
}

/** When to retry a mail that was refused: the delay grows and is randomised. Null after a day. */
export function nextMailAttempt(mail: Attempted, now: Date, random: () => number = Math.random): Date | null {
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (mail.attempts - 1)) * (0.5 + random() / 2);
  const next = now.getTime() + delay;
  return next - mail.createdAt.getTime() > GIVE_UP_MS ? null : new Date(next);
}

/** How long an attempt belongs to its process. Longer each time, as each attempt may send the same mail. */
export function claimEnd(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(MAX_DELAY_MS, CLAIM_MS * attempts));
}
