import { randomBytes } from 'node:crypto';
import { type Party } from '@atlas/isolation';
import { ADMIN_PASSWORD, type SessionView, type TestStack } from '@atlas/testing';

/** A tenant whose every row holds a word of its own. */
export interface TenantWithCanary {
  readonly party: Party & { readonly host: string };
  readonly name: string;
  /** `canary-<hex>`. */
  readonly canary: string;
}

/** Provisioned, signed up, and with something of everything that its users make. */
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
  const incident = { title: canary, description: canary, severity: 'P5' };
  const item = { name: canary, type: 'probe', attributes: { word: canary } };
  const make = async (path: string, thing: object): Promise<string> => {
    const { id } = await call<{ id: string }>(path, { session, body: thing });
    return id;
  };
  // Two of each: behind the second, as a cursor, stands the first.
  await make('/api/incidents', incident);
  await make('/api/cmdb/items', item);
  const trail = await call<{ items: { id: string }[] }>('/api/audit', { session });
  const subjects = {
    user: user.id,
    incident: await make('/api/incidents', incident),
    configurationItem: await make('/api/cmdb/items', item),
    auditEvent: trail.items[0]?.id,
  };
  // Of a session of its own: whoever refreshes ends the one before.
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
