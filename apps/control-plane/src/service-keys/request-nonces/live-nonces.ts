import { type Clock, DomainError } from '@atlas/platform';
import { type NonceUse } from '@atlas/service-auth';

/**
 * The maximum number of nonces kept per key and process. It
 * allows 500 calls a second for as long as a nonce is kept.
 */
export const MAX_LIVE_NONCES = 200_000;
const MINUTE_MS = 60_000;

/** Counts the nonces kept for each key, so that no plane can fill memory and disk with its nonces. */
export class LiveNonces {
  /** The number of nonces by minute of expiry, then by key. */
  private readonly counts = new Map<number, Map<string, number>>();

  constructor(private readonly clock: Clock) {}

  /** Throws `too_many_calls` if the key has reached its limit. */
  add({ keyId, expiresAt }: Pick<NonceUse, 'keyId' | 'expiresAt'>): void {
    const now = minuteOf(this.clock.now());
    for (const minute of this.counts.keys()) if (minute < now) this.counts.delete(minute);
    let live = 0;
    for (const ofKeys of this.counts.values()) live += ofKeys.get(keyId) ?? 0;
    if (live >= MAX_LIVE_NONCES) throw tooManyCalls();
    const minute = minuteOf(expiresAt);
    const ofKeys = this.counts.get(minute) ?? new Map<string, number>();
    this.counts.set(minute, ofKeys.set(keyId, (ofKeys.get(keyId) ?? 0) + 1));
  }
}

function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / MINUTE_MS);
}

function tooManyCalls(): DomainError {
  const detail =
    `More than ${MAX_LIVE_NONCES} calls were signed with this key within a few minutes. Wait a minute ` +
    'and call less often.';
  return new DomainError('too_many_calls', 'too_many', detail, {}, { 'retry-after': '60' });
}
