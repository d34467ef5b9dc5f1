import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StubApi } from '../../test/stub-api.fixture';
import { tenantView } from '../../test/views.fixture';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { type TenantView } from '../control-plane/views';
import { Progress } from '../progress';
import { ensureDemoSession } from './demo-session';
import { type StackContext } from './stack-context';

describe(ensureDemoSession.name, () => {
  const { signal } = new AbortController();
  const demoTenant = { id: 'tenant-1', adminEmail: 'admin@demo.example.com', adminPassword: 'p', token: 't' };
  const here = tenantView({ tenant_plane_id: 'cell-1' });
  const save = jest.fn();
  let api: StubApi;

  // Stands in for both planes.
  beforeEach(async () => (api = await StubApi.start()));
  afterEach(() => {
    api.stop();
    save.mockClear();
  });

  async function ensure(tenant: TenantView): Promise<{ hasSession: boolean; notes: string }> {
    const stream = new PassThrough();
    const context = {
      processes: { signal },
      progress: new Progress(stream, false, false),
      state: { record: { demoTenant, tenantPlane: { id: 'cell-1' } }, save },
      tenantPlaneUrl: api.url,
      baseDomain: 'localhost:4200',
    };
    const client = new ControlPlaneClient(api.url, 'key', signal);
    const hasSession = await ensureDemoSession(context as unknown as StackContext, client, tenant);
    stream.end();
    return { hasSession, notes: await text(stream) };
  }

  const refused = (status: number, code: string) => [{ status, body: { code, detail: 'Refused.' } }];

  it('signs in if the saved token has ended', async () => {
    api.answers = {
      'GET /api/auth/me': refused(401, 'unauthenticated'),
      'POST /api/auth/token': [{ body: { token: 'new' } }],
    };
    await expect(ensure(here)).resolves.toEqual({ hasSession: true, notes: '' });
    expect(save).toHaveBeenCalledWith({ demoTenant: { ...demoTenant, token: 'new' } });
  });

  it.each([
    ['suspended', { ...here, status: 'suspended' as const }, 'is suspended'],
    [
      'on another plane',
      tenantView({ tenant_plane_id: 'cell-2', endpoint_url: 'http://127.0.0.1:4300' }),
      'has moved to another Tenant Plane (http://127.0.0.1:4300)',
    ],
  ])('leaves a tenant alone that is %s, and says so', async (_, tenant, said) => {
    const notes = `  The demo tenant ${said}. It was left unchanged.\n`;
    await expect(ensure(tenant)).resolves.toEqual({ hasSession: false, notes });
    expect(api.calls).toEqual([]);
  });

  it.each([
    ['wrong', refused(401, 'invalid_credentials'), 'already_signed_up'],
    ['wrong too often', refused(429, 'too_many_attempts'), 'too_many_attempts'],
  ])('says how to sign in if the saved password is %s', async (_, answers, code) => {
    api.answers = {
      'GET /api/auth/me': refused(401, 'unauthenticated'),
      'POST /api/auth/token': answers,
      'POST /api/tenants/tenant-1/signup-link': refused(409, 'already_signed_up'),
    };
    const { hasSession, notes } = await ensure(here);
    expect(hasSession).toBe(false);
    expect(notes).toContain(`no longer work (${code})`);
    expect(notes).toContain('http://demo.localhost:4200/reset-password');
    expect(save).not.toHaveBeenCalled();
  });

  it('fails if the plane is broken', async () => {
    api.answers = { 'GET /api/auth/me': refused(500, 'internal_error') };
    await expect(ensure(here)).rejects.toThrow('Refused.');
  });
});
