const OVERLAP_MS = 24 * 3600_000;
const MAX_PREVIOUS_KEYS = 10;

/** A key that was replaced, and until when it is accepted. */
export interface PreviousKey {
  readonly hash: string;
  /** RFC 3339 */
  readonly until: string;
}

/** The current key of a program, and those that it may still present after rotations. */
export interface RotatedKeys {
  /** Null if the program may present no key any more. */
  readonly keyHash: string | null;
  /** Newest first. */
  readonly previousKeys: readonly PreviousKey[];
}

/**
 * The keys that are still accepted after a rotation. If its response is lost and the key is rotated again,
 * the program still sends the key before both.
 */
export function overlapping({ keyHash, previousKeys }: RotatedKeys, now: Date): PreviousKey[] {
  const until = new Date(now.getTime() + OVERLAP_MS).toISOString();
  const replaced = keyHash === null ? [] : [{ hash: keyHash, until }];
  const others = previousKeys.filter((key) => new Date(key.until) > now);
  return [...replaced, ...others].slice(0, MAX_PREVIOUS_KEYS);
}

export function accepts({ keyHash, previousKeys }: RotatedKeys, hash: string, now: Date): boolean {
  return keyHash === hash || previousKeys.some((key) => key.hash === hash && new Date(key.until) > now);
}

/** Until when the key before the current one is accepted. */
export function previousKeyUntil(
  { previousKeys }: Pick<RotatedKeys, 'previousKeys'>,
  now: Date,
): Date | null {
  const [until] = previousKeys.map((previous) => new Date(previous.until)).filter((time) => time > now);
  return until ?? null;
}

/** A condition for rows that have or had this key. Callers check with {@link accepts}. */
export function presents(alias: string, hash: string): [string, Record<string, string>] {
  const previous = `cast(${alias}.previousKeys as text) like :previous`;
  return [`(${alias}.keyHash = :hash or ${previous})`, { hash, previous: `%${hash}%` }];
}
