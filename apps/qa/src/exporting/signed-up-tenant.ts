import { randomBytes } from 'node:crypto';
import { type Ask } from '@atlas/isolation';
import { ADMIN_PASSWORD, type SessionView, type TestStack } from '@atlas/testing';

/** A provisioned tenant with an admin, but without operational data. */
export interface SignedUpTenant {
  readonly id: string;
  readonly slug: string;
  readonly session: string;
  readonly ask: Ask;
}

export async function signedUpTenant(stack: TestStack, prefix: string): Promise<SignedUpTenant> {
  const slug = `${prefix}-${randomBytes(6).toString('hex')}`;
  const { body } = await stack.provision(slug, { body: { admin_email: `admin@${slug}.example.com` } });
  const { id } = await stack.awaitActive(body.tenant.id);
  const link = await stack.api<{ token: string }>(`/api/tenants/${id}/signup-link`, { method: 'POST' });
  const call = async <T>(path: string, given: { session?: string; body?: object }): Promise<T> => {
    const answer = await stack.tenant<T>(slug, path, given);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const exchange = { token: link.body.token, password: ADMIN_PASSWORD };
  const { token: session } = await call<SessionView>('/api/auth/signup-exchange', { body: exchange });
  return { id, slug, session, ask: (path, thing) => call(path, { session, body: thing }) };
}
