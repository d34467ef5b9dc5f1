import { createHash, randomBytes } from 'node:crypto';
import { type Answer, type TestDatabase, type TestStack, request, startPlane } from '@atlas/testing';
import { TenantRows } from '../tenant-rows';

/**
 * A tenant plane's rows, and a request that was sent to the plane with an `Idempotency-Key`. The response
 * contained a secret that is shown only once.
 */
export interface StolenRows {
  readonly database: TestDatabase;
  readonly sent: SentOnce;
}

interface SentOnce {
  readonly tenantId: string;
  readonly userId: string;
  readonly path: string;
  readonly body: object;
  /** A key that can be guessed. The examples in the guides derive keys from the current time. */
  readonly key: string;
  readonly token: string;
}

/** Invites a user. Since the plane sends no email, the response contains the link. */
export async function shownInvitation(stack: TestStack): Promise<SentOnce> {
  const { tenant, session } = await stack.tenantWithAdmin('kept-shown');
  const body = { email: 'shown@example.com', role: 'admin' };
  const key = String(Math.floor(Date.now() / 1000));
  const path = '/api/auth/invite';
  const headers = { 'idempotency-key': key };
  const answer = await stack.tenant<{ url: string }>(tenant.id, path, {
    session: session.token,
    body,
    headers,
  });
  const token = new URL(answer.body.url).hash.slice('#token='.length);
  return { tenantId: tenant.id, userId: session.user.id, path, body, key, token };
}

/**
 * Starts a plane on the stolen rows, forges a session and repeats the request, as a thief could. Returns the
 * response.
 */
export async function repeatedByThief({ database, sent }: StolenRows): Promise<Answer<unknown>> {
  const session = await sessionMadeIn(database, sent);
  const plane = await startPlane('tenant-plane', {
    env: {
      ATLAS_OFFLINE_MODE: '1',
      ATLAS_TP_DEPLOYMENT: 'shared',
      TENANT_PLANE_DATABASE_URL: database.url,
      TENANT_PLANE_MIGRATION_DATABASE_URL: database.ownerUrl,
    },
  });
  const headers = {
    authorization: `Bearer ${session}`,
    'x-tenant-id': sent.tenantId,
    'idempotency-key': sent.key,
  };
  try {
    return await request(`${plane.url}${sent.path}`, { body: sent.body, headers });
  } finally {
    await plane.end('SIGKILL');
  }
}

async function sessionMadeIn(database: TestDatabase, { tenantId, userId }: SentOnce): Promise<string> {
  const token = `atu_${tenantId}_${randomBytes(32).toString('base64url')}`;
  const rows = await TenantRows.open(database);
  const hash = createHash('sha256').update(token).digest('hex');
  await rows.query('update sessions set token_hash = $1 where user_id = $2', [hash, userId]);
  await rows.close();
  return token;
}
