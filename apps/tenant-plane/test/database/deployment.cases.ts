import { DEPLOYMENT_MODELS, HINT_GUIDES, modelsWhere, profileOf } from '@atlas/deployment-profiles';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE } from '@atlas/testing';
import { type CallOptions, type Env, TestTenantPlane } from '../tenant-plane.fixture';

const NAMES = ['ATLAS_TP_DEPLOYMENT', 'TP_DEPLOYMENT_MODE'];
const CHOICES = DEPLOYMENT_MODELS.flatMap((model) => NAMES.map((name) => [name, model] as const));

/** The same id in every test, because the SQLite file of a single-tenant plane accepts only one tenant. */
const ACME = { tenant_id: uuidv7() };

describe('the deployment model', () => {
  let plane: TestTenantPlane;
  const boot = async (env: Env): Promise<void> => {
    plane = await TestTenantPlane.boot('sqlite', { env });
  };
  afterEach(() => plane.close());

  /** The deployment details that users see before sign-in and on the checklist. */
  async function shown(options: CallOptions): Promise<Record<string, unknown>[]> {
    const admin = await plane.user(await plane.tenant('acme', ACME), 'admin');
    const before = await plane.get('/api/tenant-default', options).expect(200);
    const after = await plane.get('/api/onboarding', { session: admin.session, ...options }).expect(200);
    return [before.body.deployment, after.body.deployment];
  }

  describe.each(CHOICES)('set by %s=%s', (name, model) => {
    it('determines the profile and reminders on the login page and the checklist', async () => {
      await boot({ [name]: model });
      const { title, hints } = profileOf(model);
      // Leaves out `later`, the text for a feature that is still planned.
      const built = hints.map(({ kind, text }) => ({ kind, text, doc: HINT_GUIDES[kind] }));
      const expected = { model, profile: title, hints: built };
      expect(await shown({ tenant: 'acme' })).toEqual([expected, expected]);
      const kinds = new Set(hints.map((hint) => hint.kind));
      expect(kinds).toEqual(new Set(['residency', 'connectivity', 'backup']));
    });
  });

  it('may be set to the same value by both variables', async () => {
    await boot({ ATLAS_TP_DEPLOYMENT: 'hybrid', TP_DEPLOYMENT_MODE: 'hybrid' });
    expect(await shown({})).toEqual([
      expect.objectContaining({ model: 'hybrid' }),
      expect.objectContaining({ model: 'hybrid' }),
    ]);
  });

  it('defaults to shared before enrolment, and to the model from the Control Plane afterwards', async () => {
    await boot({});
    expect(await shown({ tenant: 'acme' })).toMatchObject([{ model: 'shared' }, { model: 'shared' }]);
    await plane.get('/api/tenant-default').expect(404);
    await plane.identities.update({ deploymentModel: 'on_prem' });
    expect(await shown({})).toMatchObject([{ model: 'on_prem' }, { model: 'on_prem' }]);
  });

  it('is taken from the environment even if the Control Plane names a different one', async () => {
    await boot({ ATLAS_TP_DEPLOYMENT: 'dedicated' });
    await plane.identities.update({ deploymentModel: 'hybrid' });
    expect(await shown({})).toMatchObject([{ model: 'dedicated' }, { model: 'dedicated' }]);
  });
});

const FIXED = modelsWhere(({ tenantFixed }) => tenantFixed).flatMap((model) =>
  EVERY_DATABASE.map((driver) => [model, driver] as const),
);

describe.each(FIXED)('a single-tenant plane (%s) on %s', (model, driver) => {
  let plane: TestTenantPlane;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { env: { ATLAS_TP_DEPLOYMENT: model } });
  });
  afterAll(() => plane.close());
  afterEach(() => plane.apply({ full: true }));

  it('reports no default tenant until it has a tenant', async () => {
    const { body } = await plane.get('/api/tenant-default').expect(200);
    expect(body).toMatchObject({ tenant: null, deployment: { model } });
    await plane.post('/api/auth/token', { email: 'a@b.example', password: 'x' }).expect(404);
  });

  it('serves its only tenant at any address, even if the request names no tenant', async () => {
    const acme = await plane.tenant('acme', ACME);
    const { session } = await plane.user(acme, 'admin');
    for (const options of [{}, { host: 'atlas.customer.example' }, { tenant: 'acme' }]) {
      const { body } = await plane.get('/api/tenant-default', options).expect(200);
      expect(body.tenant.id).toBe(acme.tenant_id);
      await plane.get('/api/incidents', { session, ...options }).expect(200);
    }
  });

  it('refuses requests that name another tenant', async () => {
    const { session } = await plane.user(await plane.tenant('acme', ACME), 'admin');
    for (const options of [{ tenant: 'globex' }, { host: 'globex.localhost:4200' }]) {
      await plane.get('/api/tenant-default', options).expect(404);
      await plane.get('/api/incidents', { session, ...options }).expect(404);
    }
  });

  it('treats an empty x-tenant-id as an unknown tenant, even after other look-ups', async () => {
    const acme = await plane.tenant('acme', ACME);
    await plane.get('/api/tenant-default', { tenant: '' }).expect(404);
    const { body } = await plane.get('/api/tenant-default').expect(200);
    expect(body.tenant?.id).toBe(acme.tenant_id);
    await plane.get('/api/tenant-default', { tenant: '' }).expect(404);
  });

  it('given a second tenant, refuses it (SQLite) or has no default tenant (Postgres)', async () => {
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
