import { hash, verify } from '@node-rs/argon2';

/**
 * OWASP's first choice for argon2id (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane. argon2id is the
 * library's default.
 */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 200;

/** Stored instead of a hash for an account without a password. No password matches it. */
export const NO_PASSWORD = '';

export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

export async function passwordMatches(password: string, passwordHash: string): Promise<boolean> {
  await madeDecoy();
  return passwordHash === NO_PASSWORD ? pretendToCheck(password) : verify(passwordHash, password);
}

let decoy: Promise<string> | undefined;

/** Created on the first check, whether or not the account exists. */
function madeDecoy(): Promise<string> {
  return (decoy ??= hashPassword('a password that nobody has'));
}

/** For an account that does not exist. Takes as long as a real check. */
export async function pretendToCheck(password: string): Promise<false> {
  await verify(await madeDecoy(), password);
  return false;
}
