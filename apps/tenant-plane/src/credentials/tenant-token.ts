import { createHash, randomBytes } from 'node:crypto';
import { isUuid } from '@atlas/tenancy';

/** The prefixes of the tokens that users receive, and of the keys that programs authenticate with. */
const PREFIXES = {
  session: 'atu',
  refresh: 'atr',
  invite: 'atv',
  reset: 'atn',
  device: 'atd',
  dataSource: 'ads',
  agent: 'aga',
} as const;
export type TokenKind = keyof typeof PREFIXES;
/** The kinds of keys. Unlike a session, a key is created by a user for a program. */
export const KEY_KINDS = ['dataSource', 'agent'] as const satisfies readonly TokenKind[];
export type KeyKind = (typeof KEY_KINDS)[number];

/**
 * Creates, for example, `atu_<tenant_id>_<secret>`. The token is opaque except for the tenant, in whose rows
 * it is looked up.
 */
export function mintToken(kind: TokenKind, tenantId: string): string {
  return `${PREFIXES[kind]}_${tenantId}_${randomBytes(32).toString('base64url')}`;
}

/**
 * The tenant that a token claims. The claim is proven only once the token's hash is found in that tenant's
 * rows.
 */
export function claimedTenant(kind: TokenKind, token: string): string | null {
  const match = /^(a[a-z]{2})_([0-9a-f-]{36})_[A-Za-z0-9_-]{43}$/.exec(token);
  return match?.[1] === PREFIXES[kind] && isUuid(match[2]) ? (match[2] ?? null) : null;
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
