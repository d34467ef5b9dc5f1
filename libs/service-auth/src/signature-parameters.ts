/**
 * The `tag` of a call to the Control Plane. Its response has a different tag, so that neither can pass as the
 * other.
 */
export const REQUEST_TAG = 'atlas-tp';
export const ANSWER_TAG = 'atlas-cp';

/** Long enough to be unique, short enough to store. RFC 9651 strings are always printable ASCII. */
export function isNonce(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 16 && value.length <= 128;
}

export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 64;
}

/** Seconds since 1970, as in RFC 9421. */
export function isUnixSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

export function unixSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
