import { randomBytes } from 'node:crypto';
import { type Party, makeThings, subjectsOf } from '@atlas/isolation';
import { ADMIN_PASSWORD, type SessionView, type TestStack } from '@atlas/testing';

/** A tenant with its own canary in every row. */
export interface TenantWithCanary {
  readonly party: Party & { readonly host: string };
  readonly name: string;
  /** `canary-<hex>`. */
  readonly canary: string;
}

/** A provisioned tenant with a signed-up user and one object of each kind that users can create. */
export async function tenantWithCanary(stack: TestStack, prefix: string): Promise<TenantWithCanary> {
  const word = randomBytes(8).toString('hex');
  const [slug, name, canary] = [`${prefix}-${word}`, `Name of ${word}`, `canary-${word}`];
  const { body } = await stack.provision(slug, { body: { name, admin_email: `${canary}@example.com` } });
  const { id: tenantId } = await stack.awaitActive(body.tenant.id);
  const link = await stack.api<{ token: string }>(`/api/tenants/${tenantId}/signup-link`, { method: 'POST' });
  const signupToken = link.body.token;
  const exchange = { token: signupToken, password: ADMIN_PASSWORD };
  const call = callerAt(stack, slug);
  const { token: session, user } = await call<SessionView>('/api/auth/signup-exchange', { body: exchange });
  const ask = <T>(path: string, thing?: object): Promise<T> => call<T>(path, { session, body: thing });
  await makeThings(ask, canary);
  const subjects = await subjectsOf(ask);
  // A separate session, since a refresh revokes the session that the refresh token belongs to.
  const login = { email: user.email, password: ADMIN_PASSWORD };
  const { refresh_token: refreshToken } = await call<SessionView>('/api/auth/token', { body: login });
  const credentials = { ...login, refreshToken, signupToken };
  const host = `${slug}.localhost:${stack.tenantPlanePort}`;
  return { name, canary, party: { tenantId, slug, host, session, subjects, credentials } };
}

function callerAt(stack: TestStack, slug: string) {
  return async <T>(path: string, options: { session?: string; body?: object }): Promise<T> => {
    const { status, body } = await stack.tenant<T>(slug, path, options);
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
}
