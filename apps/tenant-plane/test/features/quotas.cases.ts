import { type DesiredTenant } from '@atlas/plane-contract';
import { ENTITLEMENTS_OF_PLANS, type Limits } from '@atlas/tenancy';
import { CommitFaults, EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { LeaseKey } from '../lease-key.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

const CALLERS = 50;

describe.each(EVERY_DATABASE)('quotas on %s', (driver) => {
  const clock = new FixedClock();
  let faults: CommitFaults;
  let plane: TestTenantPlane;
  /** Two replicas on Postgres, one process on SQLite. */
  let replicas: readonly TestTenantPlane[];
  let key: LeaseKey;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let made = 0;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    const options = { clock, through: (url: string) => faults.through(url) };
    plane = await TestTenantPlane.boot(driver, options);
    key = await LeaseKey.create();
    await plane.identities.update({ keys: [plane.signupKey.published, key.published] });
    replicas = driver === 'sqlite' ? [plane] : [plane, await TestTenantPlane.open(plane.database, { clock })];
  });
  afterAll(async () => {
    for (const replica of replicas.slice(1)) await replica.app.close();
    await plane.close();
    await faults.stop();
  });
  beforeEach(async () => {
    clock.advance(3600);
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(made += 1)}`));
  });

  const allow = async (limits: Partial<Limits>): Promise<void> => {
    const lease = await key.lease(
      { tenantId: tenant.tenant_id, planeId: plane.id, now: clock.now() },
      { limits: { ...ENTITLEMENTS_OF_PLANS.core.limits, ...limits } },
    );
    tenant = { ...tenant, lease, entry_revision: tenant.entry_revision + 1 };
    await plane.apply({ tenants: [tenant] });
    clock.advance(2);
  };
  const usage = async () => (await plane.get('/api/entitlements', admin).expect(200)).body.usage;

  const creations: Record<string, (n: number, at: TestTenantPlane) => ReturnType<TestTenantPlane['post']>> = {
    agents: (n, at) => at.post('/api/agents', { name: `Agent ${n}` }, admin),
    data_sources: (n, at) => at.post('/api/data-sources', { name: `Source ${n}`, kind: 'generic' }, admin),
  };

  describe.each(Object.entries(creations))('of %s', (quota, create) => {
    it(`are exact for ${CALLERS} concurrent callers`, async () => {
      await allow({ [quota]: 7 });
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, n) => create(n, replicas[n % replicas.length] ?? plane)),
      );
      const refused = answers.filter(({ status }) => status !== 201);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(7);
      expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
        new Set(['403 quota_exceeded']),
      );
      expect(refused[0]?.body).toMatchObject({ quota, limit: 7, used: 7 });
      expect((await usage())[quota]).toBe(7);
    });

    it('count nothing that was not committed', async () => {
      await allow({ [quota]: 2 });
      const answers: number[] = [];
      faults.begin();
      for (let n = 0; n < 6; n += 1) answers.push((await create(n, plane)).status);
      faults.end();
      while (answers.at(-1) !== 403) answers.push((await create(answers.length, plane)).status);
      expect((await usage())[quota]).toBe(2);
      expect(answers.filter((status) => status === 201).length).toBeLessThanOrEqual(2);
    });

    it('follow a changed plan without a restart, and take nothing away', async () => {
      await allow({ [quota]: 1 });
      await create(1, plane).expect(201);
      await create(2, plane).expect(403);
      await allow({ [quota]: 2 });
      await create(3, plane).expect(201);
      await allow({ [quota]: 0 });
      const { body } = await create(4, plane).expect(403);
      expect(body).toMatchObject({ limit: 0, used: 2 });
    });
  });

  describe('of users', () => {
    const invite = (n: number, at = plane) =>
      at.post('/api/auth/invite', { email: `user-${n}@example.com`, role: 'fulfiller' }, admin);

    it('count users and open invitations, exactly', async () => {
      await allow({ users: 5 });
      const admins = [admin, { ...admin, ...(await plane.user(tenant, 'admin')) }];
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          (replicas[n % replicas.length] ?? plane).post(
            '/api/auth/invite',
            { email: `user-${n}@example.com`, role: 'fulfiller' },
            admins[n % 2],
          ),
        ),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
      expect(answers.find(({ status }) => status !== 201)?.body).toMatchObject({
        code: 'quota_exceeded',
        quota: 'users',
        limit: 5,
      });
      expect(await usage()).toMatchObject({ users: 5 });
    });

    it('let an invitation be repeated when there is no room for another', async () => {
      await allow({ users: 2 });
      const { body } = await invite(1).expect(201);
      await invite(1).expect(201);
      await invite(2).expect(403);
      expect(body.url).toBeDefined();
    });

    it('count a user again who is reactivated', async () => {
      await allow({ users: 2 });
      const { id } = await plane.user(tenant, 'fulfiller');
      const change = (deactivated: boolean) => plane.patch(`/api/users/${id}`, { deactivated }, admin);
      await change(true).expect(200);
      await invite(1).expect(201);
      const { body } = await change(false).expect(403);
      expect(body.code).toBe('quota_exceeded');
    });
  });

  it('of requests with alerts apply to all data sources of the tenant together', async () => {
    const sources: string[] = [];
    for (const n of [1, 2]) {
      const created = await creations['data_sources']?.(n, plane);
      sources.push(created?.body.key as string);
    }
    await allow({ ingest_per_minute: 3 });
    const send = (n: number) =>
      plane.post(
        `/api/ingest/generic/${sources[n % 2]}`,
        { alerts: [{ status: 'firing', labels: { n: `${n}` } }] },
        { host: hostOf(tenant.slug) },
      );
    const statuses = [];
    for (const n of [1, 2, 3, 4]) statuses.push((await send(n)).status);
    expect(statuses).toEqual([202, 202, 202, 429]);
    const { body, headers } = await send(5);
    expect(body.code).toBe('too_many_attempts');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    clock.advance(60);
    expect((await send(6)).status).toBe(202);
    await allow({ ingest_per_minute: 0 });
    clock.advance(60);
    expect((await send(7)).status).toBe(429);
  });
});
