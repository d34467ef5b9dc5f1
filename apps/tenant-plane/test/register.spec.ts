import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { User } from '../src/accounts/user.entity';
import { type Env, PASSWORD, TestTenantPlane } from './tenant-plane.fixture';

const OPEN = { ATLAS_ALLOW_REGISTER: '1' };

describe.each(EVERY_DATABASE)('registering by hand on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;

  const boot = async (env: Env): Promise<void> => {
    plane = await TestTenantPlane.boot(driver, { env });
    tenant = await plane.tenant('acme');
  };
  afterEach(() => plane.close());

  const register = (changes: object = {}) =>
    plane.post(
      '/api/auth/register',
      { email: tenant.admin_email, password: PASSWORD, ...changes },
      { tenant: 'acme' },
    );

  it.each<[string, Env]>([
    ['a shared plane', { ATLAS_TP_DEPLOYMENT: 'shared', ...OPEN }],
    ['a plane whose model nobody told', OPEN],
    ['a dedicated plane', { ATLAS_TP_DEPLOYMENT: 'dedicated', ...OPEN }],
    ['an on_prem plane that does not allow it', { ATLAS_TP_DEPLOYMENT: 'on_prem' }],
    ['a hybrid plane that does not allow it', { ATLAS_TP_DEPLOYMENT: 'hybrid', ATLAS_ALLOW_REGISTER: '0' }],
  ])('is never open on %s', async (_, env) => {
    await boot(env);
    expect((await register().expect(403)).body.code).toBe('registration_closed');
    expect(await plane.rows(tenant, User)).toEqual([]);
  });

  it.each(['on_prem', 'hybrid'])("makes a %s tenant's own admin its first user, once", async (model) => {
    await boot({ ATLAS_TP_DEPLOYMENT: model, ...OPEN });
    const stranger = await register({ email: 'eve@example.com' }).expect(403);
    expect(stranger.body.code).toBe('registration_closed');
    const { body } = await register({ email: tenant.admin_email.toUpperCase(), name: 'Ann' }).expect(201);
    expect(body.user).toMatchObject({ email: tenant.admin_email, name: 'Ann', role: 'admin' });
    await plane.get('/api/auth/me', { session: body.token }).expect(200);
    expect((await register().expect(409)).body.code).toBe('already_signed_up');
    const token = await plane.signupToken(tenant);
    await plane.post('/api/auth/signup-exchange', { token, password: PASSWORD }).expect(409);
  });

  it('lets one of ten in who try at once, by either way', async () => {
    await boot({ ATLAS_TP_DEPLOYMENT: 'on_prem', ...OPEN });
    const tokens = await Promise.all(Array.from({ length: 5 }, () => plane.signupToken(tenant)));
    const answers = await Promise.all([
      ...tokens.map((token) => plane.post('/api/auth/signup-exchange', { token, password: PASSWORD })),
      ...Array.from({ length: 5 }, () => register()),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(await plane.rows(tenant, User)).toHaveLength(1);
  });

  it('is closed by a sign-up', async () => {
    await boot({ ATLAS_TP_DEPLOYMENT: 'on_prem', ...OPEN });
    await register({ password: 'too short' }).expect(400);
    const token = await plane.signupToken(tenant, { email: 'bob@example.com' });
    await plane.post('/api/auth/signup-exchange', { token, password: PASSWORD }).expect(201);
    expect((await register().expect(409)).body.code).toBe('already_signed_up');
  });
});
