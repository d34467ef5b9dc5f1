import { randomUUID } from 'node:crypto';
import { modelsWhere } from '@atlas/deployment-profiles';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { User } from '../../src/credentials/user.entity';
import { type Env, PASSWORD, TestTenantPlane } from '../tenant-plane.fixture';

const NOWHERE = modelsWhere(({ selfRegistrationAllowed }) => !selfRegistrationAllowed);
const OPEN = { ATLAS_ALLOW_REGISTER: '1' };

const registerAt = (plane: TestTenantPlane, tenant: DesiredTenant, changes: object = {}) =>
  plane.post(
    '/api/auth/register',
    { email: tenant.admin_email, password: PASSWORD, ...changes },
    { tenant: tenant.slug },
  );

describe.each<[string, Env]>([
  ['a plane without a model', OPEN],
  ...NOWHERE.map((model): [string, Env] => [`a ${model} plane`, { ATLAS_TP_DEPLOYMENT: model, ...OPEN }]),
  ['an on_prem plane that does not allow it', { ATLAS_TP_DEPLOYMENT: 'on_prem' }],
  ['a hybrid plane that does not allow it', { ATLAS_TP_DEPLOYMENT: 'hybrid', ATLAS_ALLOW_REGISTER: '0' }],
])('self-registration on %s', (_, env) => {
  it('is closed', async () => {
    const plane = await TestTenantPlane.boot('sqlite', { env });
    const tenant = await plane.tenant('acme');
    expect((await registerAt(plane, tenant).expect(403)).body.code).toBe('registration_closed');
    expect(await plane.rows(tenant, User)).toEqual([]);
    await plane.close();
  });
});

const MODELS = modelsWhere(({ selfRegistrationAllowed }) => selfRegistrationAllowed).flatMap((model) =>
  EVERY_DATABASE.map((driver) => [model, driver] as const),
);

describe.each(MODELS)('self-registration on a plane that allows it (%s, %s)', (model, driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { env: { ATLAS_TP_DEPLOYMENT: model, ...OPEN } });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    tenant = await plane.tenant(`tenant-${(count += 1)}`);
  });
  // Remove the tenant, because a single-tenant plane accepts only one at a time.
  afterEach(() =>
    plane.apply({ tenants: [{ ...tenant, phase: 'retired', purge: { job_id: randomUUID() } }] }),
  );

  const register = (changes: object = {}) => registerAt(plane, tenant, changes);
  const signUp = (token: string) => plane.post('/api/auth/signup-exchange', { token, password: PASSWORD });

  it("admits the tenant's admin as the first user, and only once", async () => {
    const stranger = await register({ email: 'eve@example.com' }).expect(403);
    expect(stranger.body.code).toBe('registration_closed');
    const { body } = await register({ email: tenant.admin_email.toUpperCase(), name: 'Ann' }).expect(201);
    expect(body.user).toMatchObject({ email: tenant.admin_email, name: 'Ann', role: 'admin' });
    await plane.get('/api/auth/me', { session: body.token }).expect(200);
    expect((await register().expect(409)).body.code).toBe('already_signed_up');
    await signUp(await plane.signupToken(tenant)).expect(409);
  });

  it('lets only one of ten concurrent sign-ups and registrations succeed', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => plane.signupToken(tenant)));
    const tries = [...tokens.map(signUp), ...Array.from({ length: 5 }, () => register())];
    const answers = await Promise.all(tries);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(await plane.rows(tenant, User)).toHaveLength(1);
  });

  it('is closed after a sign-up', async () => {
    await register({ password: 'too short' }).expect(400);
    await signUp(await plane.signupToken(tenant, { email: 'bob@example.com' })).expect(201);
    expect((await register().expect(409)).body.code).toBe('already_signed_up');
  });
});
