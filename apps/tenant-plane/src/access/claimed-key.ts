import { DomainError } from '@atlas/platform';
import { type FastifyRequest } from 'fastify';
import { type KeyKind, KEY_KINDS, claimedTenant } from '../credentials/tenant-token';
import { type ClaimedKey } from './tenant-request';

/** The paths that end with a key, as a sender's settings often have no other place for it. */
const INGEST = /^\/api\/ingest\/[a-z]+\/([^/?#]+)/;
const BEARER = /^Bearer +(\S+)$/i;

/** The key that a request presents, in its path or as its bearer token. Null if there is no such key. */
export function claimedKey(
  { url, headers }: Pick<FastifyRequest, 'url' | 'headers'>,
  kind: KeyKind,
): ClaimedKey | null {
  const token = INGEST.exec(url)?.[1] ?? BEARER.exec(headers.authorization ?? '')?.[1];
  const tenantId = token === undefined ? null : claimedTenant(kind, token);
  return token === undefined || tenantId === null ? null : { kind, tenantId, token };
}

/** The tenant that a request's key claims, whatever its kind. */
export function tenantOfKey(request: Pick<FastifyRequest, 'url' | 'headers'>): string | undefined {
  return KEY_KINDS.map((kind) => claimedKey(request, kind)?.tenantId).find((id) => id !== undefined);
}

/** The refusal of a key that is unknown, revoked or of another kind. */
export function keyRefused(): DomainError {
  const detail = 'This request needs a valid key. Copy the key again, or rotate it and use the new one.';
  return new DomainError('unauthenticated', 'unauthenticated', detail, {}, { 'www-authenticate': 'Bearer' });
}
