import { MAIL_TIMEOUT_MS } from '@atlas/platform';

/** Longer than any attempt can take, including the writes that precede it. */
const CLAIM_MS = MAIL_TIMEOUT_MS + 60_000;
/**
 * The limit for an email whose attempts never finish, because the process dies or the sent email cannot be
 * removed. Only the number of attempts reveals such an email. This many attempts take more than a day,
 * whether retries or expiring claims set the pace.
 */
export const MOST_ATTEMPTS = 50;
const FIRST_DELAY_MS = 30_000;
const MAX_DELAY_MS = 3600_000;
const GIVE_UP_MS = 24 * 3600_000;

interface Attempted {
  readonly attempts: number;
  readonly createdAt: Date;
}

/**
 * When to retry an email that was refused. The delay grows and is randomised. Null if the retry would be more
 * than a day after the email was queued.
 */
export function nextMailAttempt(mail: Attempted, now: Date, random: () => number = Math.random): Date | null {
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (mail.attempts - 1)) * (0.5 + random() / 2);
  const next = now.getTime() + delay;
  return next - mail.createdAt.getTime() > GIVE_UP_MS ? null : new Date(next);
}

/**
 * When the claim for an attempt expires. Each claim lasts longer than the previous claim, because each
 * attempt may send another copy.
 */
export function claimEnd(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(MAX_DELAY_MS, CLAIM_MS * attempts));
}
