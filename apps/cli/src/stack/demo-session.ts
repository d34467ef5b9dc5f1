import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { type HttpCall, HttpProblem, callJson } from '../control-plane/http-call';
import { type TenantView } from '../control-plane/views';
import { type StackContext } from './stack-context';
import { type DemoTenantRecord, newPassword } from './stack-state';

interface Session {
  readonly token: string;
}

/**
 * Saves a valid token for the demo tenant's admin. Uses the saved token if it is still valid; otherwise signs
 * in or, if that is refused, signs up. Users may have changed the tenant so that none of this works. Then a
 * note says so, because the stack is useful without the token. Resolves to whether there is a valid token.
 */
export async function ensureDemoSession(
  context: StackContext,
  controlPlane: ControlPlaneClient,
  tenant: TenantView,
): Promise<boolean> {
  const { state, progress } = context;
  if (tenant.status !== 'active') {
    progress.note(`The demo tenant is ${tenant.status}. It was left unchanged.`);
    return false;
  }
  if (tenant.tenant_plane_id !== state.record.tenantPlane?.id) {
    progress.note(
      `The demo tenant has moved to another Tenant Plane${placeOf(tenant)}. It was left unchanged.`,
    );
    return false;
  }
  const record = recordOf(context, tenant);
  try {
    const { token } =
      (await keptSession(context, record)) ??
      (await login(context, record)) ??
      (await signUp(context, controlPlane, record));
    state.save({ demoTenant: { ...record, token } });
    return true;
  } catch (error) {
    if (!(error instanceof HttpProblem) || error.status >= 500) throw error;
    progress.note(howToSignIn(context, tenant, error));
    return false;
  }
}

function placeOf({ endpoint_url: url }: TenantView): string {
  return url === null ? '' : ` (${url})`;
}

function howToSignIn({ baseDomain }: StackContext, { slug }: TenantView, { code }: HttpProblem): string {
  const url = `http://${slug}.${baseDomain}`;
  return (
    `The saved token and password of the demo tenant's admin no longer work (${code}).\n` +
    `  Sign in with the password that you chose, or reset it at ${url}/reset-password (requires SMTP_URL).`
  );
}

/** The saved record, or a new one. A new password is saved before it is used. */
function recordOf({ state }: StackContext, { id }: TenantView): DemoTenantRecord {
  const known = state.record.demoTenant;
  if (known?.id === id) return known;
  const demoTenant = { id, adminEmail: 'admin@demo.example.com', adminPassword: newPassword() };
  state.save({ demoTenant });
  return demoTenant;
}

async function keptSession(context: StackContext, record: DemoTenantRecord): Promise<Session | undefined> {
  const { token } = record;
  if (token === undefined) return undefined;
  const headers = { authorization: `Bearer ${token}` };
  const me = await unlessRefused(call(context, record, { method: 'GET', path: '/api/auth/me', headers }));
  return me === undefined ? undefined : { token };
}

function login(context: StackContext, record: DemoTenantRecord): Promise<Session | undefined> {
  const body = { email: record.adminEmail, password: record.adminPassword };
  return unlessRefused(call<Session>(context, record, { method: 'POST', path: '/api/auth/token', body }));
}

async function signUp(
  context: StackContext,
  controlPlane: ControlPlaneClient,
  record: DemoTenantRecord,
): Promise<Session> {
  const { token } = await controlPlane.call('POST /api/tenants/:id/signup-link', { path: { id: record.id } });
  const body = { token, password: record.adminPassword, name: 'Demo Admin' };
  return call<Session>(context, record, { method: 'POST', path: '/api/auth/signup-exchange', body });
}

function call<T>(
  { tenantPlaneUrl, processes }: StackContext,
  { id }: DemoTenantRecord,
  { path, headers, ...request }: Pick<HttpCall, 'method' | 'headers' | 'body'> & { readonly path: string },
): Promise<T> {
  const url = `${tenantPlaneUrl}${path}`;
  return callJson<T>({
    ...request,
    url,
    headers: { ...headers, 'x-tenant-id': id },
    signal: processes.signal,
  });
}

async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HttpProblem && [401, 404].includes(error.status)) return undefined;
    throw error;
  }
}
