import { SignatureRefused } from './signature.errors';
import { type AnswerSigner } from './signed-headers';

export const SIGNATURE_WINDOW_SECONDS = 300;

/** Added to a nonce's life: replicas' clocks differ, and one that runs ahead must not forget what another still accepts. */
const NONCE_MARGIN_SECONDS = 60;

export interface SignatureAge {
  /** Unix seconds. */
  readonly created: number;
  readonly now: Date;
  /** {@link SIGNATURE_WINDOW_SECONDS} when left out. */
  readonly windowSeconds?: number;
}

/** Call it only once the HMAC holds: the refusal tells our time. */
export function requireInWindow(age: SignatureAge, signAnswer?: AnswerSigner): void {
  const windowSeconds = age.windowSeconds ?? SIGNATURE_WINDOW_SECONDS;
  const aheadSeconds = age.created - age.now.getTime() / 1000;
  if (Math.abs(aheadSeconds) <= windowSeconds) return;
  const distance = `${Math.abs(Math.round(aheadSeconds))} s ${aheadSeconds > 0 ? 'after' : 'before'}`;
  throw new SignatureRefused(
    'clock_skew',
    `The signature holds, but it was created ${distance} this server's time; ${windowSeconds} s are allowed. ` +
      "Correct the caller's clock, or find what held the request up.",
    signAnswer,
  );
}

/** Until when a nonce has to be remembered: the end of its window, and the margin. */
export function nonceExpiryOf({
  created,
  windowSeconds = SIGNATURE_WINDOW_SECONDS,
}: Omit<SignatureAge, 'now'>): Date {
  return new Date((created + windowSeconds + NONCE_MARGIN_SECONDS) * 1000);
}
