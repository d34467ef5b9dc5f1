/** The `tag` of a call to the Control Plane, and of its answer: the one never passes for the other. */
export const REQUEST_TAG = 'atlas-tp';
export const ANSWER_TAG = 'atlas-cp';

/** Long enough to be unique, short enough to be stored. RFC 9651 strings are printable ASCII already. */
export function isNonce(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 16 && value.length <= 128;
}

export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 64;
}

/** Seconds since 1970, as RFC 9421 counts them. */
export function isUnixSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

export function unixSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
