import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { hashPassword } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { Audit } from '../../src/audit/audit';
import { User } from '../../src/credentials/user.entity';
import { DueWork } from '../../src/due/due-work';
import { Incident } from '../../src/incidents/incident.entity';
import { TimelineItem } from '../../src/incidents/timeline-item.entity';
import { TenantDirectory } from '../../src/tenancy/tenant-directory';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { Pause } from '../pause.fixture';
import {
  type CallOptions,
  PASSWORD,
  type SignedInUser,
  TestTenantPlane,
  hostOf,
} from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('the boundary between tenants on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let acme: DesiredTenant;
  let globex: DesiredTenant;
  let user: SignedInUser;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
    acme = await plane.tenant('acme');
    globex = await plane.tenant('globex');
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    user = await plane.user(acme, 'admin');
  });

  const crossings = async (tenant: DesiredTenant): Promise<unknown[]> =>
    (await plane.audit(tenant, 'tenant.crossing_refused')).filter((event) => event.actorId === user.id);

  describe('if a request names its tenant only once', () => {
    const ways: readonly (readonly [way: string, by: (tenant: DesiredTenant) => CallOptions])[] = [
      ['its id in x-tenant-id', ({ tenant_id }) => ({ tenant: tenant_id })],
      ['its slug in x-tenant-id', ({ slug }) => ({ tenant: slug })],
      ['its subdomain', ({ slug }) => ({ host: hostOf(slug) })],
    ];

    it.each(ways)('allows a sign-in to that tenant (named by %s)', async (way, by) => {
      const passwordHash = await hashPassword(PASSWORD);
      const email = `${way.replaceAll(' ', '-')}@example.com`;
      for (const tenant of [acme, globex]) {
        const { id } = await plane.user(tenant, 'operator', { email, passwordHash });
        const body = { email, password: PASSWORD };
        const answer = await plane.post('/api/auth/token', body, by(tenant)).expect(200);
        expect(answer.body.user.id).toBe(id);
      }
    });

    it.each(ways)('gives access to that tenant before and after sign-in (named by %s)', async (_, by) => {
      const known = await plane.get('/api/tenant-default', by(acme)).expect(200);
      expect(known.body.tenant).toEqual({ id: acme.tenant_id, slug: 'acme', name: 'Tenant acme' });
      const incidents = await plane.get('/api/incidents', { ...by(acme), session: user.session }).expect(200);
      expect(incidents.body).toEqual({ items: [], next_cursor: null });
    });
  });

  it('gives access to no tenant if none is named', async () => {
    for (const answer of [
      await plane.get('/api/tenant-default'),
      await plane.get('/api/incidents'),
      await plane.post('/api/auth/token', { email: 'ann@example.com', password: PASSWORD }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([404, 'tenant_not_found']);
    }
  });

  it.each<[string, () => CallOptions]>([
    ['host', () => ({ host: hostOf('globex') })],
    ['slug in x-tenant-id', () => ({ tenant: 'globex' })],
    ['id in x-tenant-id', () => ({ tenant: globex.tenant_id })],
  ])(
    "refuses a session with another tenant's %s, and audits the refusal for the session's tenant",
    async (_, there) => {
      const answer = await plane.get('/api/incidents', { session: user.session, ...there() }).expect(404);
      expect(answer.body.code).toBe('tenant_not_found');
      expect(await crossings(acme)).toEqual([
        expect.objectContaining({
          actorKind: 'user',
          traceId: answer.body.trace_id,
          after: expect.objectContaining(
            there().host ? { host: hostOf('globex') } : { x_tenant_id: there().tenant },
          ),
        }),
      ]);
      expect(await plane.audit(globex, 'tenant.crossing_refused')).toEqual([]);
    },
  );

  describe('for an invalid x-tenant-id', () => {
    const values = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${i}-${'x'.repeat(14_000)}`);

    it('gives the same response as for an unknown tenant', async () => {
      const unknown = await plane.get('/api/tenant-default', { tenant: 'nobody-at-all' });
      for (const tenant of [...values(1), 'x'.repeat(41), 'acme@', 'acme/..', 'xn--acme', '0'.repeat(36)]) {
        const answer = await plane.get('/api/tenant-default', { tenant });
        expect([answer.status, { ...answer.body, trace_id: null }]).toEqual([
          404,
          { ...unknown.body, trace_id: null },
        ]);
      }
    });

    it('caches nothing', async () => {
      const directory = plane.app.get(TenantDirectory);
      directory.forget();
      for (const tenant of values(5)) await plane.get('/api/tenant-default', { tenant }).expect(404);
      expect(directory.size).toBe(0);
    });

    it('truncates the value in the audit trail', async () => {
      const [tenant] = values(1);
      const host = `${'y'.repeat(1000)}.example.com`;
      await plane.get('/api/incidents', { session: user.session, tenant, host }).expect(404);
      expect(await crossings(acme)).toEqual([
        expect.objectContaining({
          after: { host: `${'y'.repeat(100)}…`, x_tenant_id: `0-${'x'.repeat(98)}…` },
        }),
      ]);
    });
  });

  it('records at most ten refused crossings per user per hour, regardless of the tenants named', async () => {
    const { session } = user;
    const cross = async (count: number): Promise<void> => {
      const tenants = Array.from({ length: count }, (_, i) => `made-up-${i}`);
      const answers = tenants.map((tenant) => plane.get('/api/incidents', { session, tenant }).expect(404));
      await Promise.all(answers);
    };
    await cross(1);
    expect(await crossings(acme)).toHaveLength(1);
    await cross(14);
    expect(await crossings(acme)).toHaveLength(10);
    clock.advance(3600);
    await cross(1);
    expect(await crossings(acme)).toHaveLength(11);
  });

  it('gives the same response for an unknown tenant as for another tenant', async () => {
    const { session } = user;
    const other = await plane.get('/api/incidents', { session, tenant: 'globex' });
    const unknown = await plane.get('/api/incidents', { session, tenant: 'nobody-at-all' });
    const withoutTrace = (body: object): object => ({ ...body, trace_id: null });
    expect(withoutTrace(other.body)).toEqual(withoutTrace(unknown.body));
  });

  it.each([
    ['the same tenant twice', ['acme', 'acme']],
    ['two tenants', ['acme', 'globex']],
    ['nothing and a tenant', ['', 'acme']],
  ])('refuses x-tenant-id sent twice: %s', async (_, values) => {
    expect(await statusWithHeaders(values)).toBe(404);
  });

  it('hides a retired tenant until it is placed here again', async () => {
    const tenant = await plane.tenant('initech');
    const { session } = await plane.user(tenant, 'admin');
    const statuses = async (): Promise<number[]> => [
      (await plane.get('/api/tenant-default', { host: hostOf('initech') })).status,
      (await plane.get('/api/incidents', { session })).status,
      (await plane.get('/api/tenant-default', { tenant: tenant.tenant_id })).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    await plane.apply({ removed: [tenant.tenant_id] });
    expect(await statuses()).toEqual([404, 404, 404]);
    expect(await plane.audit(tenant, 'tenant.crossing_refused')).toEqual([]);
    await plane.tenant('initech', tenant);
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  it.each(['importing', 'retired'] as const)('hides a tenant whose phase is %s', async (phase) => {
    await plane.tenant(`of-${phase}`, { phase });
    await plane.get('/api/tenant-default', { host: hostOf(`of-${phase}`) }).expect(404);
  });

  describe('for a purged tenant', () => {
    const purge = (tenant: DesiredTenant): Promise<unknown> =>
      plane.tenant(tenant.slug, { ...tenant, phase: 'retired', purge: { job_id: randomUUID() } });

    it('refuses requests, even if admitted before the purge, until the tenant returns', async () => {
      const tenant = await plane.tenant('vehement');
      const host = hostOf('vehement');
      const pause = Pause.inHashing('hash');
      const signUp = { token: await plane.signupToken(tenant), password: PASSWORD };
      const signingUp = plane.post('/api/auth/signup-exchange', signUp, { host }).then((answer) => answer);
      await pause.reached;
      await purge(tenant);
      pause.release();
      const { status, body } = await signingUp;
      expect([status, body.code]).toEqual([404, 'tenant_not_found']);
      expect(await plane.rows(tenant, User)).toEqual([]);
      await plane.post('/api/auth/signup-exchange', signUp, { host }).expect(404);
      // A move or a restore brings the tenant back.
      for (const phase of ['importing', 'serving'] as const)
        await plane.tenant('vehement', { ...tenant, phase });
      await plane.post('/api/auth/signup-exchange', signUp, { host }).expect(201);
    });

    const purgeWaits = async ({ tenant_id: id }: DesiredTenant): Promise<void> => {
      const waiting = `select 1 from pg_stat_activity
          where wait_event_type = 'Lock' and datname = current_database()
        union all select 1 from tracked_tenants where tenant_id = $1 and is_frozen`;
      const waits = (): Promise<unknown[]> =>
        plane.tenants.read(id, ({ manager }) => manager.query(waiting, [id]));
      await eventually(async () => (await waits()).length > 0, { what: 'the purge waits', everyMs: 5 });
    };

    // Skipped on SQLite, which allows only one writer at a time.
    const onPostgres = driver === 'postgres' ? it : it.skip;
    onPostgres('keeps nothing that was being written when the purge began', async () => {
      const tenant = await plane.tenant('massive');
      const { session } = await plane.user(tenant, 'admin');
      const pause = Pause.behind(plane.app.get(Audit), 'record');
      const incident = { title: 'Written during the purge', severity: 'P1' };
      const options = { session, host: hostOf('massive') };
      const writing = plane.post('/api/incidents', incident, options).then((answer) => answer);
      await pause.reached;
      const purging = purge(tenant);
      await purgeWaits(tenant);
      pause.release();
      expect((await writing).status).toBe(201);
      await purging;
      expect(await plane.rows(tenant, Incident)).toEqual([]);
    });

    onPostgres('keeps no record of a missed target that was being written when the purge began', async () => {
      const tenant = await plane.tenant('tardy');
      const { session } = await plane.user(tenant, 'admin');
      const options = { session, host: hostOf('tardy') };
      const { body } = await plane
        .post('/api/incidents', { title: 'x', severity: 'P1' }, options)
        .expect(201);
      const past = new Date(plane.now.getTime() - 1000);
      await plane.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(Incident, { id: body.id }, { responseDueAt: past, slaDueAt: past }),
      );
      const pause = Pause.behind(plane.app.get(Audit), 'record');
      const sweeping = plane.app.get(DueWork).sweep();
      await pause.reached;
      const purging = purge(tenant);
      await purgeWaits(tenant);
      pause.release();
      await Promise.all([sweeping, purging]);
      expect(await plane.rows(tenant, Incident)).toEqual([]);
      expect(await plane.rows(tenant, TimelineItem)).toEqual([]);
    });
  });

  it('refuses all requests for a suspended tenant, and allows them again once it is resumed', async () => {
    const tenant = await plane.tenant('hooli');
    const { session } = await plane.user(tenant, 'admin');
    const host = hostOf('hooli');
    const answers = async (): Promise<string[]> => [
      (await plane.get('/api/incidents', { session, host })).body.code,
      (await plane.post('/api/incidents', { title: 'x', severity: 'P1' }, { session, host })).body.code,
      (await plane.get('/api/tenant-default', { host })).body.code,
      (await plane.post('/api/auth/token', { email: 'a@b.example', password: PASSWORD }, { host })).body.code,
    ];
    await plane.tenant('hooli', { ...tenant, status: 'suspended' });
    expect(new Set(await answers())).toEqual(new Set(['tenant_suspended']));
    await plane.get('/api/incidents', { session, host }).expect(403);
    await plane.tenant('hooli', tenant);
    expect(await answers()).toEqual([undefined, undefined, undefined, 'invalid_credentials']);
  });

  it('honours changes by another replica within a second', async () => {
    const tenant = await plane.tenant('umbrella');
    const host = hostOf('umbrella');
    await plane.get('/api/tenant-default', { host }).expect(200);
    await plane.app
      .get(Database)
      .write((manager) => manager.update(Tenant, { id: tenant.tenant_id }, { status: 'suspended' }));
    await plane.get('/api/tenant-default', { host }).expect(200);
    clock.advance(1);
    await plane.get('/api/tenant-default', { host }).expect(403);
  });

  it('honours changes by another replica within a second, even if the clock is set back', async () => {
    const tenant = await plane.tenant('stark');
    const host = hostOf('stark');
    await plane.get('/api/tenant-default', { host }).expect(200);
    await plane.app
      .get(Database)
      .write((manager) => manager.update(Tenant, { id: tenant.tenant_id }, { phase: 'retired' }));
    clock.jump(-3600);
    clock.advance(1);
    await plane.get('/api/tenant-default', { host }).expect(404);
  });

  /** Uses a raw client, because others merge headers with the same name or refuse to send them. */
  function statusWithHeaders(values: readonly string[]): Promise<number | undefined> {
    const headers = ['host', 'localhost:4200', ...values.flatMap((value) => ['x-tenant-id', value])];
    return new Promise((resolve, reject) => {
      request(`${plane.url}/api/tenant-default`, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
  }
});
