import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { type DesiredState, SIGNUP_TOKEN_TYPE } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { type JWK, createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Placement } from '../../src/registry/placement.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { SignupLinks } from '../../src/tenants/signup-links';
import { lockTenant } from '../../src/tenants/tenants';
import { TestControlPlane } from '../control-plane.fixture';
import { HeldRow } from '../held-operator.fixture';
import { type PlaneSimulator, bodyOf, refusal } from '../plane-simulator.fixture';

describe.each(EVERY_DATABASE)('tenants on %s', (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    cell = await plane.enrolledCell();
  });
  afterAll(() => plane.close());

  const active = async (): Promise<{ id: string; slug: string }> => {
    const { body } = await plane.provision();
    await cell.serve(body.tenant.id);
    await eventually(async () => (await plane.count(Tenant, { id: body.tenant.id, status: 'active' })) === 1);
    return body.tenant;
  };

  it('are found by id and by slug', async () => {
    const { id, slug } = await active();
    const [byId, bySlug] = [await plane.get(`/api/tenants/${id}`), await plane.get(`/api/tenants/${slug}`)];
    expect(byId.body).toMatchObject({ id, slug, status: 'active', tenant_plane_id: cell.id });
    expect(bySlug.body).toEqual(byId.body);
  });

  it.each([randomUUID(), 'nobody', 'no%20slug', "x'%20or%201=1"])(
    'cannot be looked up by the unknown or malformed name %s',
    async (name) => {
      expect(refusal(await plane.get(`/api/tenants/${name}`))).toEqual([404, 'tenant_not_found']);
    },
  );

  it('cause no server error when looked up by a name with a NUL character', async () => {
    expect([400, 404]).toContain((await plane.get('/api/tenants/a%00b')).status);
  });

  it('are paged, newest first', async () => {
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.unshift((await plane.provision()).body.tenant.id);
    const { body: one } = await plane.get('/api/tenants?limit=2');
    const { body: two } = await plane.get(`/api/tenants?limit=2&cursor=${one.next_cursor}`);
    const ids = [...one.items, ...two.items].map((tenant: { id: string }) => tenant.id);
    expect(ids.slice(0, 3)).toEqual(made);
    const { body: all } = await plane.get('/api/tenants');
    expect(all.next_cursor).toBeNull();
    expect(all.items).toHaveLength(await plane.count(Tenant));
  });

  it('can be filtered by status', async () => {
    const { id } = await active();
    const { body } = await plane.get('/api/tenants?status=active');
    expect(body.items.map((tenant: { id: string }) => tenant.id)).toContain(id);
    expect(new Set(body.items.map((tenant: { status: string }) => tenant.status))).toEqual(
      new Set(['active']),
    );
  });

  it('can be filtered by deployment model', async () => {
    const hybrid = { name: 'Both', deployment_model: 'hybrid', admin_email: 'a@both.example.com' };
    const { body } = await plane.post('/api/tenants/provision', hybrid);
    await active();
    const list = await plane.get('/api/tenants?deployment_model=hybrid');
    expect(list.body.items.map((tenant: { id: string }) => tenant.id)).toEqual([body.tenant.id]);
  });

  it('are found by how their slug, name or first admin begins, in any case', async () => {
    const made = { deployment_model: 'shared', admin_email: 'Ada@search-one.example.com' };
    const one = await plane.post('/api/tenants/provision', {
      ...made,
      name: 'Zebra Élan',
      slug: 'search-one',
    });
    const two = await plane.post('/api/tenants/provision', {
      ...made,
      name: 'Zebra 50%_off',
      slug: 'search-two',
    });
    const [first, second] = [one.body.tenant.id, two.body.tenant.id];
    const found = async (q: string) => {
      const { body } = await plane.get(`/api/tenants?q=${encodeURIComponent(q)}`).expect(200);
      return body.items.map(({ id }: { id: string }) => id);
    };
    expect(await found('search-')).toEqual([second, first]);
    expect(await found('SEARCH-ONE')).toEqual([first]);
    expect(await found('zebra')).toEqual([second, first]);
    expect(await found('Zebra Él')).toEqual([first]);
    expect(await found('zebra 50%_')).toEqual([second]);
    expect(await found('ada@search-one')).toEqual([second, first]);
    for (const none of ['%', '_', 'ebra', "zebra' or 1=1", 'zebra 5x']) expect(await found(none)).toEqual([]);
    const { body } = await plane.get('/api/tenants?q=zebra&limit=1');
    expect([body.items.length, body.next_cursor]).toEqual([1, second]);
  });

  it.each([
    'q=',
    'cursor=x',
    'limit=0',
    'limit=201',
    'limit=many',
    'status=odd',
    'deployment_model=odd',
    'colour=red',
  ])('cannot be listed with %s', async (query) => {
    expect(refusal(await plane.get(`/api/tenants?${query}`))).toEqual([400, 'validation_failed']);
  });

  it('show whether they have a database URL, but never its value', async () => {
    const { id, slug } = await active();
    await plane.change(Tenant, { id }, { dbUrlSealed: 's1.k1.sealed-database-url' });
    for (const path of [
      `/api/tenants/${id}`,
      `/api/tenants/${slug}`,
      '/api/tenants',
      '/api/provisioning-jobs',
      '/api/audit',
    ]) {
      const answer = await plane.get(path).expect(200);
      expect(answer.text).not.toMatch(/sealed|db_?url_sealed|dbUrl/);
    }
    expect((await plane.get(`/api/tenants/${id}`)).body.has_db_url).toBe(true);
    expect(JSON.stringify(bodyOf<DesiredState>({ body: await cell.pullAll() }))).not.toContain('sealed');
  });

  describe('a sign-up link', () => {
    it('carries a token that the plane can verify with the keys in its desired state', async () => {
      const { id, slug } = await active();
      const answer = await plane.post(`/api/tenants/${id}/signup-link`);
      const expires = new Date(plane.clock.now().getTime() + 7 * 24 * 3_600_000);
      expect(answer.status).toBe(201);
      const { token } = answer.body;
      expect(answer.body).toEqual({
        url: `https://${slug}.atlas.example/signup#token=${token}`,
        token: expect.any(String),
        expires_at: expires.toISOString(),
      });
      const { keys } = (await cell.pullAll()).config.keys;
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: keys as unknown as JWK[] }), {
        typ: SIGNUP_TOKEN_TYPE,
        audience: cell.id,
        subject: id,
        algorithms: ['EdDSA'],
        currentDate: plane.clock.now(),
      });
      expect(payload).toEqual({
        aud: cell.id,
        sub: id,
        email: `admin@${slug}.example.com`,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
        exp: expires.getTime() / 1000,
      });
      const kid = decodeProtectedHeader(token).kid;
      expect(keys.find((key) => key.kid === kid)?.purpose).toBe('signup');
    });

    // Runs on Postgres only, because SQLite serialises writers.
    (driver === 'postgres' ? it : it.skip)(
      "names its tenant's home at the time of its creation",
      async () => {
        const [{ id }, next] = [await active(), await plane.registerCell({ region: 'next' })];
        await using held = await HeldRow.by(plane, async (manager) => {
          await lockTenant(manager, id);
          await manager.update(Placement, { tenantId: id }, { tenantPlaneId: next.id });
        });
        const [database, links] = [plane.app.get(Database), plane.app.get(SignupLinks)];
        const made = database.write((manager) => links.create(manager, id));
        await held.untilWaiting(1);
        await held.release();
        expect(decodeJwt((await made).token)).toMatchObject({ sub: id, aud: next.id });
        await plane.change(Placement, { tenantId: id }, { tenantPlaneId: cell.id });
      },
    );

    it('has a different token for each request', async () => {
      const { id } = await active();
      const [one, two] = [
        await plane.post(`/api/tenants/${id}/signup-link`),
        await plane.post(`/api/tenants/${id}/signup-link`),
      ];
      expect(one.body.token).not.toBe(two.body.token);
    });

    it('is audited without its token', async () => {
      const { id } = await active();
      const { body } = await plane.post(`/api/tenants/${id}/signup-link`);
      const rows = await plane.rows(AuditEvent, { action: 'tenant.signup_link_created', targetId: id });
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain(body.token);
    });

    it.each(['shared', 'on_prem'])(
      'cannot be created before the tenant is active (%s)',
      async (deployment_model) => {
        const { body } = await plane.provision({ deployment_model });
        const { id } = body.tenant;
        // The plane may serve the tenant before it reports doing so. A
        // rollback would then delete a new user's rows without a backup.
        await cell.pullAll();
        const answer = await plane.post(`/api/tenants/${id}/signup-link`);
        expect(refusal(answer)).toEqual([409, 'invalid_transition']);
        expect(answer.body.detail).toContain('Wait for its provisioning job to finish.');
      },
    );

    it('requires an existing tenant and the scope tenants:write', async () => {
      const path = `/api/tenants/${randomUUID()}/signup-link`;
      expect(refusal(await plane.post(path))).toEqual([404, 'tenant_not_found']);
      const token = await plane.createApiKey(['tenants:read', 'tenants:provision']);
      expect(refusal(await plane.post(path, undefined, { token }))).toEqual([403, 'forbidden']);
    });
  });
});
