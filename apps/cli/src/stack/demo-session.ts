import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { type HttpCall, HttpProblem, callJson } from '../control-plane/http-call';
import { type TenantView } from '../control-plane/views';
import { type StackContext } from './stack-context';
import { type DemoTenantRecord, newPassword } from './stack-state';

interface Session {
  readonly token: string;
}

/**
 * The record of the demo tenant, with a valid token for its admin. Uses the saved
 * token if it is still valid; otherwise signs in or, if that is refused, signs up.
 */
export async function ensureDemoSession(
  context: StackContext,
  controlPlane: ControlPlaneClient,
  tenant: TenantView,
): Promise<DemoTenantRecord> {
  const record = recordOf(context, tenant);
  const { token } =
    (await keptSession(context, record)) ??
    (await login(context, record)) ??
    (await signUp(context, controlPlane, record));
  const demoTenant = { ...record, token };
  context.state.save({ demoTenant });
  return demoTenant;
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
