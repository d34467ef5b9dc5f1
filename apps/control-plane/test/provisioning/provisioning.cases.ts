import { profileOf } from '@atlas/deployment-profiles';
import { EVERY_DATABASE } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-key.entity';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { TestControlPlane, provisionBody } from '../control-plane.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe.each(EVERY_DATABASE)('provisioning a tenant on %s', (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;

  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver, { REQUIRE_PURCHASE_ORDER: '1' });
    cell = await plane.enrolledCell();
  });
  afterAll(() => plane.close());

  const written = async (): Promise<number[]> =>
    Promise.all(
      [Tenant, ProvisioningJob, IdempotencyRecord, AuditEvent].map((entity) => plane.count(entity)),
    );

  it('returns the tenant, its job and the URL of that job', async () => {
    const answer = await plane.provision({
      name: 'Acme Corp',
      slug: 'acme',
      admin_email: 'Ann@Acme.example',
      po_number: 'PO-1234',
    });
    expect(answer.status).toBe(202);
    expect(answer.headers['location']).toBe(`/api/provisioning-jobs/${answer.body.job.id}`);
    expect(answer.body).toEqual({
      tenant: {
        id: expect.stringMatching(UUID),
        slug: 'acme',
        name: 'Acme Corp',
        deployment_model: 'shared',
        status: 'provisioning',
        plan: 'core',
        plan_overrides: null,
        billing: { state: 'ok', past_due_since: null, read_only_from: null },
        lease: null,
        region: null,
        settings: {},
        source: 'api',
        admin_email: 'ann@acme.example',
        po_number: 'PO-1234',
        url: 'https://acme.atlas.example',
        endpoint_url: null,
        has_db_url: false,
        tenant_plane_id: null,
        created_at: plane.clock.now().toISOString(),
        updated_at: plane.clock.now().toISOString(),
        active_at: null,
        suspended_at: null,
        suspension_reason: null,
        restorable_until: null,
      },
      job: {
        id: expect.stringMatching(UUID),
        operation: 'provision',
        status: 'queued',
        direction: 'run',
        tenant_id: answer.body.tenant.id,
        tenant_slug: answer.body.tenant.slug,
        tenant_plane_id: null,
        steps: expect.arrayContaining([expect.objectContaining({ name: 'activate', status: 'pending' })]),
        error: null,
        created_at: plane.clock.now().toISOString(),
        finished_at: null,
      },
    });
  });

  it('returns a plan for a dry run, and changes nothing', async () => {
    const before = await written();
    const answer = await plane.post('/api/tenants/provision?dry_run=true', provisionBody());
    expect(answer.status).toBe(200);
    expect(answer.body.plan).toMatchObject({ install_required: false, cell: { id: cell.id } });
    const steps = profileOf('shared').provisioning.steps.map((name) => ({
      name,
      description: expect.stringMatching(/./),
      creates: expect.any(Array),
    }));
    expect(answer.body.plan.steps).toEqual(steps);
    expect(answer.body.plan.steps[0]).toMatchObject({ name: 'reserve-place', creates: ['placement'] });
    expect(await written()).toEqual(before);
  });

  it.each([
    [{ name: 'Bäckerei Müller & Söhne' }, 'backerei-muller-sohne'],
    [{ name: "  O'Neill Øl  " }, 'oneill-ol'],
  ])('derives the slug from the name %j', async ({ name }, slug) => {
    const { body } = await plane.provision({ name, slug: undefined });
    expect(body.tenant).toMatchObject({ slug, url: `https://${slug}.atlas.example` });
  });

  describe('stores nothing when it refuses', () => {
    let before: number[];
    beforeEach(async () => (before = await written()));
    afterEach(async () => expect(await written()).toEqual(before));

    it.each([
      ['an unknown field', { colour: 'red' }, 'colour'],
      ['a missing name', { name: undefined }, 'name'],
      ['a name that is a number', { name: 7 }, 'name'],
      ['a blank name', { name: '   ', slug: 'blank-name' }, 'name'],
      ['a name that is too long', { name: 'x'.repeat(101) }, 'name'],
      ['a name without letters, and no slug', { name: '!!!', slug: undefined }, 'slug'],
      ['a reserved slug', { slug: 'admin' }, 'slug'],
      ['a name that yields a reserved slug', { name: 'Admin', slug: undefined }, 'slug'],
      ['a slug that is too short', { slug: 'ab' }, 'slug'],
      ['a slug that is too long', { slug: 'a'.repeat(41) }, 'slug'],
      ['a slug in upper case', { slug: 'ACME' }, 'slug'],
      ['a slug with an underscore', { slug: 'ac_me' }, 'slug'],
      ['a slug that is a list', { slug: ['acme'] }, 'slug'],
      ['an invalid email address', { admin_email: 'nobody' }, 'admin_email'],
      ['a missing email address', { admin_email: undefined }, 'admin_email'],
      ['an unknown deployment model', { deployment_model: 'cloud' }, 'deployment_model'],
      ['a missing deployment model', { deployment_model: undefined }, 'deployment_model'],
      ['an unknown plan', { plan: 'gold' }, 'plan'],
      ['an unknown database driver', { database: { driver: 'oracle' } }, 'database.driver'],
      ['an unknown database field', { database: { url: 'x' } }, 'database.url'],
      ['a database that is a string', { database: 'sqlite' }, 'database'],
      ['a NUL character in the name', { name: 'a\u0000b' }, 'name'],
      ['a NUL character in the region', { region: 'a\u0000b' }, 'region'],
      ['a NUL character in the purchase order', { po_number: 'a\u0000b' }, 'po_number'],
      ['a token lifetime that is too short', { token_ttl_seconds: 59 }, 'token_ttl_seconds'],
      ['a token lifetime that is too long', { token_ttl_seconds: 604_801 }, 'token_ttl_seconds'],
      ['a token lifetime that is a string', { token_ttl_seconds: '3600' }, 'token_ttl_seconds'],
    ])('%s', async (_, changes, field) => {
      const answer = await plane.provision(changes);
      expect(answer.status).toBe(400);
      expect(answer.headers['content-type']).toMatch('application/problem+json');
      expect(answer.body).toMatchObject({
        code: 'validation_failed',
        status: 400,
        trace_id: answer.headers['x-trace-id'],
        errors: expect.arrayContaining([{ field, message: expect.any(String) }]),
      });
    });

    it.each(['{"name": "Acme"', '[]', 'null', '"acme"', '5', '', '{"__proto__": {"name": "Acme"}}'])(
      'the body %s',
      async (body) => {
        const answer = await plane.post('/api/tenants/provision', body);
        expect(refusal(answer)).toEqual([400, 'validation_failed']);
        expect(answer.body.errors).toContainEqual({
          field: expect.any(String),
          message: expect.stringMatching(/./),
        });
      },
    );

    it.each(['yes', 'TRUE', '2', 'true&dry_run=true'])('the query ?dry_run=%s', async (value) => {
      const answer = await plane.post(`/api/tenants/provision?dry_run=${value}`, provisionBody());
      expect(refusal(answer)).toEqual([400, 'validation_failed']);
    });

    it('a body that is not JSON', async () => {
      const answer = await plane
        .post('/api/tenants/provision', 'name=acme')
        .set('content-type', 'application/xml');
      expect(refusal(answer)).toEqual([415, 'unsupported_media_type']);
    });

    it('a body that is too large', async () => {
      const answer = await plane.provision({ name: 'x'.repeat(1_100_000) });
      expect(refusal(answer)).toEqual([413, 'body_too_large']);
    });

    it.each([
      ['no key', null],
      ['an invalid key', 'secret'],
      ['a key with one character changed', 'changed'],
    ])('a call with %s', async (_, token) => {
      const changed = `${plane.apiKey.slice(0, -1)}${plane.apiKey.endsWith('0') ? '1' : '0'}`;
      const answer = await plane.provision({}, { token: token === 'changed' ? changed : token });
      expect(refusal(answer)).toEqual([401, 'unauthenticated']);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    });

    it('a slug that another tenant already has', async () => {
      const answer = await plane.provision({ slug: 'acme' });
      expect(refusal(answer)).toEqual([409, 'slug_taken']);
    });

    it('a slug that another tenant already has, even in a dry run', async () => {
      const answer = await plane.post('/api/tenants/provision?dry_run=true', provisionBody({ slug: 'acme' }));
      expect(refusal(answer)).toEqual([409, 'slug_taken']);
    });

    it('a shared tenant in a region where no cell has room', async () => {
      const answer = await plane.provision({ region: 'mars' });
      expect(refusal(answer)).toEqual([503, 'no_capacity']);
      expect(answer.headers['retry-after']).toBe('60');
    });

    it('a dedicated tenant without the required purchase order', async () => {
      const answer = await plane.provision({ deployment_model: 'dedicated' });
      expect(refusal(answer)).toEqual([422, 'purchase_order_required']);
    });
  });

  it('accepts a dedicated tenant with a purchase order', async () => {
    const body = provisionBody({ deployment_model: 'dedicated', po_number: 'PO-1' });
    const answer = await plane.post('/api/tenants/provision?dry_run=true', body);
    expect(answer.body.code).not.toBe('purchase_order_required');
  });

  it('refuses an API key without the required scope', async () => {
    const token = await plane.createApiKey(['tenants:read', 'jobs:write']);
    const before = await written();
    const answer = await plane.provision({}, { token });
    expect(refusal(answer)).toEqual([403, 'forbidden']);
    expect(await written()).toEqual(before);
  });

  it('gives a slug to only one of many concurrent requests', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => plane.provision({ slug: 'wanted-by-many' })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([202, ...Array.from({ length: 19 }, () => 409)]);
    expect(await plane.count(Tenant, { slug: 'wanted-by-many' })).toBe(1);
  });
});

describe.each(EVERY_DATABASE)('a Control Plane without an enrolled cell on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => (plane = await TestControlPlane.boot(driver)));
  afterAll(() => plane.close());

  it('has no capacity, even if a cell is registered', async () => {
    await plane.registerCell();
    const answer = await plane.provision();
    expect(refusal(answer)).toEqual([503, 'no_capacity']);
    expect(await plane.count(Tenant)).toBe(0);
  });

  it('requires no purchase order by default', async () => {
    const body = provisionBody({ deployment_model: 'dedicated' });
    const answer = await plane.post('/api/tenants/provision?dry_run=true', body);
    expect(answer.body.code).not.toBe('purchase_order_required');
  });

  it('accepts an Idempotency-Key again if the first request was refused', async () => {
    const [body, headers] = [provisionBody(), { 'idempotency-key': 'first-cell-is-late' }];
    expect((await plane.post('/api/tenants/provision', body, { headers })).status).toBe(503);
    await plane.enrolledCell();
    expect((await plane.post('/api/tenants/provision', body, { headers })).status).toBe(202);
  });
});
