import { SignatureRefused } from './signature.errors';
import { type AnswerSigner } from './signed-headers';

export const SIGNATURE_WINDOW_SECONDS = 300;

/**
 * Nonces are remembered for this long after their window ends. The clocks of replicas differ, and a replica
 * whose clock is ahead must not forget a nonce that another replica still accepts.
 */
const NONCE_MARGIN_SECONDS = 60;

export interface SignatureAge {
  /** Unix seconds. */
  readonly created: number;
  readonly now: Date;
  /** Defaults to {@link SIGNATURE_WINDOW_SECONDS}. */
  readonly windowSeconds?: number;
}

/**
 * Call this only after the HMAC has been verified, because the refusal reveals the time on this machine's
 * clock.
 */
export function requireInWindow(age: SignatureAge, signAnswer?: AnswerSigner): void {
  const windowSeconds = age.windowSeconds ?? SIGNATURE_WINDOW_SECONDS;
  const aheadSeconds = age.created - age.now.getTime() / 1000;
  if (Math.abs(aheadSeconds) <= windowSeconds) return;
  const distance = `${Math.abs(Math.round(aheadSeconds))} s ${aheadSeconds > 0 ? 'after' : 'before'}`;
  throw new SignatureRefused(
    'clock_skew',
    `The signature is valid, but it was created ${distance} this server's time; ${windowSeconds} s ` +
      'are allowed. ' +
      "Correct the caller's clock, or find what delayed the request.",
    signAnswer,
  );
}

/** When a nonce may be forgotten: at the end of its window, plus the margin. */
export function nonceExpiryOf({
  created,
  windowSeconds = SIGNATURE_WINDOW_SECONDS,
}: Omit<SignatureAge, 'now'>): Date {
  return new Date((created + windowSeconds + NONCE_MARGIN_SECONDS) * 1000);
}
