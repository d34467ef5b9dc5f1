import { profileOf } from '@atlas/deployment-profiles';
import { DEPLOYMENT_MODELS, uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE } from '@atlas/testing';
import { type CallOptions, type Env, TestTenantPlane } from '../tenant-plane.fixture';

const NAMES = ['ATLAS_TP_DEPLOYMENT', 'TP_DEPLOYMENT_MODE'];
const CHOICES = DEPLOYMENT_MODELS.flatMap((model) => NAMES.map((name) => [name, model] as const));

/** The one tenant of these planes, in all tests. */
const ACME = { tenant_id: uuidv7() };

describe('the deployment model', () => {
  let plane: TestTenantPlane;
  const boot = async (env: Env): Promise<void> => {
    plane = await TestTenantPlane.boot('sqlite', { env });
  };
  afterEach(() => plane.close());

  /** What users see, before sign-in and on the checklist. */
  async function shown(options: CallOptions): Promise<Record<string, unknown>[]> {
    const admin = await plane.user(await plane.tenant('acme', ACME), 'admin');
    const before = await plane.get('/api/tenant-default', options).expect(200);
    const after = await plane.get('/api/onboarding', { session: admin.session, ...options }).expect(200);
    return [before.body.deployment, after.body.deployment];
  }

  describe.each(CHOICES)('set by %s to %s', (name, model) => {
    it('shows the profile and its reminders on the login page and the checklist', async () => {
      await boot({ [name]: model });
      const { title, hints } = profileOf(model);
      // Without the features that the hints wait for.
      const built = hints.map(({ kind, text, doc }) => ({ kind, text, doc }));
      const expected = { model, profile: title, hints: built };
      expect(await shown({ tenant: 'acme' })).toEqual([expected, expected]);
      const kinds = new Set(hints.map((hint) => hint.kind));
      expect(kinds).toEqual(new Set(['residency', 'connectivity', 'backup']));
    });
  });

  it('may be set by both variables alike', async () => {
    await boot({ ATLAS_TP_DEPLOYMENT: 'hybrid', TP_DEPLOYMENT_MODE: 'hybrid' });
    expect(await shown({})).toEqual([
      expect.objectContaining({ model: 'hybrid' }),
      expect.objectContaining({ model: 'hybrid' }),
    ]);
  });

  it('defaults to shared, and then to what the Control Plane said at enrolment', async () => {
    await boot({});
    expect(await shown({ tenant: 'acme' })).toMatchObject([{ model: 'shared' }, { model: 'shared' }]);
    await plane.get('/api/tenant-default').expect(404);
    await plane.identities.update({ deploymentModel: 'on_prem' });
    expect(await shown({})).toMatchObject([{ model: 'on_prem' }, { model: 'on_prem' }]);
  });

  it('is taken from the environment, whatever the Control Plane said', async () => {
    await boot({ ATLAS_TP_DEPLOYMENT: 'dedicated' });
    await plane.identities.update({ deploymentModel: 'hybrid' });
    expect(await shown({})).toMatchObject([{ model: 'dedicated' }, { model: 'dedicated' }]);
  });
});

const FIXED = ['dedicated', 'on_prem', 'hybrid'].flatMap((model) =>
  EVERY_DATABASE.map((driver) => [model, driver] as const),
);

describe.each(FIXED)('a plane of model %s on %s', (model, driver) => {
  let plane: TestTenantPlane;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { env: { ATLAS_TP_DEPLOYMENT: model } });
  });
  afterAll(() => plane.close());
  afterEach(() => plane.apply({ full: true }));

  it('tells its login page that it has no tenant yet', async () => {
    const { body } = await plane.get('/api/tenant-default').expect(200);
    expect(body).toMatchObject({ tenant: null, deployment: { model } });
    await plane.post('/api/auth/token', { email: 'a@b.example', password: 'x' }).expect(404);
  });

  it('serves its only tenant unnamed, at any of its addresses', async () => {
    const acme = await plane.tenant('acme', ACME);
    const { session } = await plane.user(acme, 'admin');
    for (const options of [{}, { host: 'atlas.customer.example' }, { tenant: 'acme' }]) {
      const { body } = await plane.get('/api/tenant-default', options).expect(200);
      expect(body.tenant.id).toBe(acme.tenant_id);
      await plane.get('/api/incidents', { session, ...options }).expect(200);
    }
  });

  it('still refuses the name of another tenant', async () => {
    const { session } = await plane.user(await plane.tenant('acme', ACME), 'admin');
    for (const options of [{ tenant: 'globex' }, { host: 'globex.localhost:4200' }]) {
      await plane.get('/api/tenant-default', options).expect(404);
      await plane.get('/api/incidents', { session, ...options }).expect(404);
    }
  });

  it('treats an empty x-tenant-id as an unknown tenant, whatever was looked up before', async () => {
    const acme = await plane.tenant('acme', ACME);
    await plane.get('/api/tenant-default', { tenant: '' }).expect(404);
    const { body } = await plane.get('/api/tenant-default').expect(200);
    expect(body.tenant?.id).toBe(acme.tenant_id);
    await plane.get('/api/tenant-default', { tenant: '' }).expect(404);
  });

  it('guesses no tenant if it has two, which a SQLite file refuses', async () => {
    await plane.tenant('acme', ACME);
    await plane.tenant('globex');
    if (driver === 'sqlite') {
      await plane.get('/api/tenant-default', { tenant: 'globex' }).expect(404);
      expect((await plane.get('/api/tenant-default')).body.tenant.slug).toBe('acme');
      return;
    }
    const { body } = await plane.get('/api/tenant-default').expect(200);
    expect(body.tenant).toBeNull();
    await plane.post('/api/auth/token', { email: 'a@b.example', password: 'x' }).expect(404);
    await plane.get('/api/tenant-default', { tenant: 'globex' }).expect(200);
  });
});
