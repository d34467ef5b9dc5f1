import { createHash, randomBytes as systemRandomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Secret, type SecretText, revealed } from '@atlas/platform/secret';
import { base62, bigIntOf } from './base62';

/** Every kind of credential, by prefix. */
export const CREDENTIAL_PREFIXES = {
  atp: 'provisioning token',
  ats: 'service secret',
  aok: 'operator API key',
  aos: 'operator session',
  aod: 'operator device',
  asu: 'sign-up link',
  asb: 'browser that confirmed a sign-up',
  aor: 'operator reset link',
} as const;

export type CredentialPrefix = keyof typeof CREDENTIAL_PREFIXES;

export interface Credential {
  /** Public: identifies the row that stores the hash. */
  readonly id: string;
  /** `<prefix>_<id>_<secret><check>`. Shown once; only its hash is stored (see {@link hashCredential}). */
  readonly value: Secret;
}

export interface MintOptions {
  /** 12 base62 characters; random if omitted. */
  readonly id?: string;
  readonly randomBytes?: (size: number) => Buffer;
}

const ID_LENGTH = 12;
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43;
const CHECK_LENGTH = 6;
const ID_PATTERN = /^[0-9A-Za-z]{12}$/;
const VALUE_PATTERN = /^([a-z]{3})_([0-9A-Za-z]{12})_[0-9A-Za-z]{49}$/;

export function mintCredential(prefix: CredentialPrefix, options: MintOptions = {}): Credential {
  const randomBytes = options.randomBytes ?? systemRandomBytes;
  const id = options.id ?? randomId(randomBytes);
  if (!ID_PATTERN.test(id)) throw new TypeError('A credential id is 12 base62 characters');
  const checked = `${prefix}_${id}_${base62(bigIntOf(randomBytes(SECRET_BYTES)), SECRET_LENGTH)}`;
  return { id, value: new Secret(checked + checkOf(checked)) };
}

/**
 * The public id of a well-formed credential of that kind, or null. Detects a typo without a database query.
 */
export function parseCredential(prefix: CredentialPrefix, value: string): { readonly id: string } | null {
  const [, givenPrefix, id] = VALUE_PATTERN.exec(value) ?? [];
  if (givenPrefix !== prefix || id === undefined) return null;
  const checked = value.slice(0, -CHECK_LENGTH);
  return checkOf(checked) === value.slice(-CHECK_LENGTH) ? { id } : null;
}

/** SHA-256 in hex. No salt is needed, because 256 random bits cannot be guessed. */
export function hashCredential(value: SecretText): string {
  return createHash('sha256').update(revealed(value), 'utf8').digest('hex');
}

/** Compares in constant time. A hash that is not 64 hex digits matches nothing. */
export function credentialMatches(value: SecretText, hashHex: string): boolean {
  const expected = Buffer.from(hashHex, 'hex');
  const actual = createHash('sha256').update(revealed(value), 'utf8').digest();
  return hashHex.length === 64 && expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** Reduces 128 bits to about 71, to keep the modulo bias below 2^-56. */
function randomId(randomBytes: (size: number) => Buffer): string {
  return base62(bigIntOf(randomBytes(16)) % 62n ** BigInt(ID_LENGTH), ID_LENGTH);
}

/**
 * CRC-32 of all preceding characters, for secret scanners:
 * https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
 */
function checkOf(checked: string): string {
  return base62(BigInt(crc32(checked)), CHECK_LENGTH);
}
