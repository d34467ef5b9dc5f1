import { EVERY_DATABASE } from '@atlas/testing';
import { type CallOptions, type Env, PASSWORD, TestTenantPlane } from '../tenant-plane.fixture';

const PROVIDER = { issuer: 'https://login.example.com', client_id: 'atlas' };

describe.each(EVERY_DATABASE)('the ways to sign in that a sign-in page is told on %s', (driver) => {
  let plane: TestTenantPlane;
  const boot = async (env: Env = {}): Promise<void> => {
    plane = await TestTenantPlane.boot(driver, { env });
  };
  afterEach(() => plane.close());

  const told = async (options: CallOptions = { tenant: 'acme' }): Promise<Record<string, boolean>> =>
    (await plane.get('/api/tenant-default', options).expect(200)).body.sign_in;

  it('are only the password by default', async () => {
    await boot();
    await plane.tenantWithAdmin('acme');
    expect(await told()).toEqual({
      password: true,
      single_sign_on: false,
      registration: false,
      mail: false,
    });
  });

  it("include single sign-on while the tenant's own provider is enabled", async () => {
    await boot();
    const { admin } = await plane.tenantWithAdmin('acme');
    await plane.tenantWithAdmin('globex');
    await plane.put('/api/identity-provider', PROVIDER, admin).expect(200);
    expect((await told()).single_sign_on).toBe(true);
    expect((await told({ tenant: 'globex' })).single_sign_on).toBe(false);
    await plane.put('/api/identity-provider', { ...PROVIDER, enabled: false }, admin).expect(200);
    expect((await told()).single_sign_on).toBe(false);
  });

  it('include registration until the tenant has its first user, if the plane allows it', async () => {
    await boot({ ATLAS_TP_DEPLOYMENT: 'on_prem', ATLAS_ALLOW_REGISTER: '1' });
    expect((await told({})).registration).toBe(false);
    const { admin_email: email } = await plane.tenant('acme');
    expect((await told()).registration).toBe(true);
    const body = { email, password: PASSWORD };
    await plane.post('/api/auth/register', body, { tenant: 'acme' }).expect(201);
    expect((await told()).registration).toBe(false);
  });

  it('say whether a password can be reset by email', async () => {
    await boot({ SMTP_URL: 'smtp://localhost:2525', MAIL_FROM: 'atlas@example.com' });
    await plane.tenant('acme');
    expect((await told()).mail).toBe(true);
  });
});
