import { createHash, randomBytes } from 'node:crypto';
import { isUuid } from '@atlas/tenancy';

/** The prefixes of the tokens that users receive. */
const PREFIXES = { session: 'atu', refresh: 'atr', invite: 'atv', reset: 'atn', device: 'atd' } as const;
export type SessionTokenKind = keyof typeof PREFIXES;

/**
 * Creates `atu_<tenant_id>_<secret>`. The token is opaque except for the tenant, in whose rows it is looked
 * up.
 */
export function mintSessionToken(kind: SessionTokenKind, tenantId: string): string {
  return `${PREFIXES[kind]}_${tenantId}_${randomBytes(32).toString('base64url')}`;
}

/**
 * The tenant that a token claims. The claim is proven only once the token's hash is found in that tenant's
 * rows.
 */
export function claimedTenant(kind: SessionTokenKind, token: string): string | null {
  const match = /^(at[a-z])_([0-9a-f-]{36})_[A-Za-z0-9_-]{43}$/.exec(token);
  return match?.[1] === PREFIXES[kind] && isUuid(match[2]) ? (match[2] ?? null) : null;
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
