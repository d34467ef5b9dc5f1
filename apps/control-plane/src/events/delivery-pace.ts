const FIRST_DELAY_MS = 10_000;
const FACTOR = 3;
const MAX_DELAY_MS = 24 * 3600_000;
const GIVE_UP_MS = 3 * 24 * 3600_000;

interface Attempted {
  readonly attempts: number;
  /** How long ago the event was queued. */
  readonly ageMs: number;
  /** What the receiver asked for with Retry-After. */
  readonly retryAfterMs: number | null;
}

/**
 * In how many milliseconds to retry a failed delivery: after 10 s, then three times as long each time, up to
 * a day, randomised, and never sooner than the receiver asked for. Null if the retry would be more than three
 * days after the event was queued.
 */
export function retryInMs(
  { attempts, ageMs, retryAfterMs }: Attempted,
  random: () => number = Math.random,
): number | null {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * FACTOR ** (attempts - 1));
  const asked = Math.min(MAX_DELAY_MS, retryAfterMs ?? 0);
  const delay = Math.round(Math.max(ceiling * (0.5 + random() / 2), asked));
  return ageMs + delay > GIVE_UP_MS ? null : delay;
}

/** Reads Retry-After (RFC 9110, section 10.2.3): seconds or a date. Null if it is missing or neither. */
export function retryAfterMs(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
