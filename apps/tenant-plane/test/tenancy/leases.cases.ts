import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { ENTITLEMENTS_OF_PLANS, type Module } from '@atlas/tenancy';
import { type OutageContractView } from '@atlas/tenant-api/outage';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { TrustedTime } from '../../src/plane-identity/trusted-time';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { type LeaseChanges, LeaseKey } from '../lease-key.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

const DAY = 24 * 3600;
const INCIDENT = { title: 'The disk is full', severity: 'P3' };
const SLO = { name: 'Checkout', objective: 0.99, window_days: 30, indicator: { kind: 'events' } };
const RUNBOOK = { name: 'Restart', steps: [{ name: 'ask', kind: 'manual', risk: 'low', config: {} }] };

/** The statuses of {@link extras} while nothing is read-only. */
const WORKING = [201, 201, 200];

let made = 0;

/**
 * To see it fail, remove the check of `aud` from `Leases.read`, leave out `elapsed` in `TrustedTime.now`, or
 * let `readOnlyReason` return null.
 */
describe.each(EVERY_DATABASE)('a lease on %s', (driver) => {
  let clock: FixedClock;
  let plane: TestTenantPlane;
  let key: LeaseKey;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  beforeAll(async () => {
    clock = new FixedClock();
    plane = await TestTenantPlane.boot(driver, { clock });
    key = await LeaseKey.create();
    await plane.identities.update({ keys: [plane.signupKey.published, key.published] });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    clock.advance(60);
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(made += 1)}`));
  });

  const signed = (changes: LeaseChanges = {}, by = key): Promise<string> =>
    by.lease({ tenantId: tenant.tenant_id, planeId: plane.id, now: clock.now() }, changes);
  /** Applies the tenant's entry with this lease. */
  const receive = async (lease: string): Promise<void> => {
    tenant = { ...tenant, lease, entry_revision: tenant.entry_revision + 1 };
    expect(await plane.apply({ tenants: [tenant] })).toEqual([
      expect.not.objectContaining({ error: expect.anything() }),
    ]);
  };
  const entitlements = async (options: CallOptions = admin) =>
    (await plane.get('/api/entitlements', options).expect(200)).body;
  const stored = async (): Promise<string | null> => {
    const manager = plane.app.get(Database).dataSource.manager;
    return (await manager.findOneByOrFail(Tenant, { id: tenant.tenant_id })).lease;
  };

  it('decides what the tenant may use, and the plan decides until there is one', async () => {
    expect(await entitlements()).toEqual({
      plan: 'core',
      ...ENTITLEMENTS_OF_PLANS.core,
      usage: { users: 1, data_sources: 0, agents: 0 },
      read_only: null,
      read_only_from: null,
      retention_from: null,
      lease: null,
    });
    const limits = { ...ENTITLEMENTS_OF_PLANS.operations.limits, agents: 3 };
    await receive(await signed({ plan: 'operations', modules: ['incidents', 'alerts'], limits }));
    const at = clock.now().getTime();
    expect(await entitlements()).toMatchObject({
      plan: 'operations',
      modules: ['incidents', 'alerts'],
      limits,
      lease: {
        serial: at,
        state: 'valid',
        issued_at: new Date(at).toISOString(),
        expires_at: new Date(at + 30 * DAY * 1000).toISOString(),
        next_effect_at: new Date(at + DAY * 1000).toISOString(),
      },
    });
  });

  it('tolerates modules that this plane does not know', async () => {
    await receive(await signed({ modules: ['incidents', 'time_travel' as Module] }));
    expect((await entitlements()).modules).toEqual(['incidents']);
  });

  describe('is not accepted', () => {
    const cases: Record<string, () => Promise<string>> = {
      'with a lower serial': () => signed({ serial: clock.now().getTime() - 1 }),
      'for another tenant': () => signed({ sub: plane.id }),
      'for another tenant plane': () => signed({ aud: tenant.tenant_id }),
      'after it has expired': () => signed({ exp: Math.floor(clock.now().getTime() / 1000) }),
      'of another type': () => signed({ typ: 'atlas-signup+jwt' }),
      'signed with an unknown key': async () => signed({}, await LeaseKey.create()),
      'signed with a key for another purpose': async () => {
        const other = await LeaseKey.create('signup');
        await plane.identities.update({
          keys: [plane.signupKey.published, key.published, other.published],
        });
        return signed({}, other);
      },
      'that is cut': async () => (await signed()).slice(0, -4),
      'that is not signed': async () => {
        const [, claims] = (await signed()).split('.');
        return `${Buffer.from('{"alg":"none","typ":"atlas-lease+jwt"}').toString('base64url')}.${claims}.`;
      },
    };

    it.each(Object.entries(cases))('%s', async (_name, forge) => {
      const good = await signed();
      await receive(good);
      await receive(await forge());
      expect(await stored()).toBe(good);
    });
  });

  it('is replaced by one with a higher serial', async () => {
    await receive(await signed());
    clock.advance(1);
    await receive(await signed({ plan: 'enterprise', ...ENTITLEMENTS_OF_PLANS.enterprise }));
    expect(await entitlements()).toMatchObject({ plan: 'enterprise' });
  });

  it('counts for nothing if the row in the database was forged', async () => {
    await receive(await signed());
    const forged = await signed({ plan: 'enterprise', serial: 9e15 }, await LeaseKey.create());
    const manager = plane.app.get(Database).dataSource.manager;
    await manager.update(Tenant, { id: tenant.tenant_id }, { lease: forged });
    clock.advance(2);
    expect(await entitlements()).toMatchObject({ plan: 'core', lease: null });
    const good = await signed();
    await receive(good);
    expect(await stored()).toBe(good);
  });

  /** Changes to paid extras. */
  const extras = (): Record<string, () => ReturnType<TestTenantPlane['post']>> => ({
    slo: () => plane.post('/api/slos', SLO, admin),
    runbook: () => plane.post('/api/runbooks', RUNBOOK, admin),
    policy: () => plane.put('/api/automation/policy', { level: 2 }, admin),
  });
  const statuses = async (): Promise<number[]> => {
    const answers = [];
    for (const attempt of Object.values(extras())) answers.push((await attempt()).status);
    return answers;
  };
  const onlyExtrasAreRefused = async (reason: string): Promise<void> => {
    const analysis = (): ReturnType<TestTenantPlane['post']> =>
      plane.post(`/api/ai/incidents/${tenant.tenant_id}/analysis`, undefined, admin);
    for (const attempt of [...Object.values(extras()), analysis]) {
      const { body } = await attempt().expect(402);
      expect(body).toMatchObject({ code: 'payment_required', reason });
    }
    await plane.post('/api/incidents', INCIDENT, admin).expect(201);
    await plane.post('/api/cmdb/items', { type: 'server', name: 'db-1' }, admin).expect(201);
    await plane.post('/api/data-sources', { name: 'Alerts', kind: 'generic' }, admin).expect(201);
    for (const path of ['/api/slos', '/api/runbooks', '/api/automation/policy'])
      await plane.get(path, admin).expect(200);
  };

  it('lets nothing stop before it has expired, and then makes only paid extras read-only', async () => {
    await receive(await signed());
    const issuedAt = clock.now().getTime();
    const after = (days: number): string => new Date(issuedAt + days * DAY * 1000).toISOString();
    const seen: object[] = [];
    for (const days of [0, 1, 15, 14]) {
      clock.advance(days * DAY);
      admin = { ...admin, ...(await plane.user(tenant, 'admin')) };
      const { lease, read_only } = await entitlements();
      seen.push({ state: lease.state, next: lease.next_effect_at, read_only });
    }
    expect(seen).toEqual([
      { state: 'valid', next: after(1), read_only: null },
      { state: 'late', next: after(16), read_only: null },
      { state: 'grace', next: after(30), read_only: null },
      { state: 'expired', next: null, read_only: 'lease_expired' },
    ]);
    await onlyExtrasAreRefused('lease_expired');
    await receive(await signed());
    expect(await statuses()).toEqual(WORKING);
  });

  it('makes paid extras read-only while a bill has been unpaid for too long', async () => {
    const readOnlyAt = Math.floor(clock.now().getTime() / 1000) + 60;
    await receive(await signed({ billing: 'past_due', read_only_at: readOnlyAt }));
    expect(await statuses()).toEqual(WORKING);
    expect(await entitlements()).toMatchObject({ read_only: null, read_only_from: isoOf(readOnlyAt) });
    clock.advance(60);
    await onlyExtrasAreRefused('past_due');
    const { body } = await plane.get('/api/outage-contract', admin).expect(200);
    const degraded = (body as OutageContractView).capabilities.filter(({ now }) => now === 'degraded');
    expect(degraded.map((one) => one.key)).toEqual(['slos', 'runbooks', 'entitlements']);
    await receive(await signed());
    expect(await statuses()).toEqual(WORKING);
    expect(await entitlements()).toMatchObject({ read_only: null, read_only_from: null });
  });

  it('refuses what the plan does not include, and lets it be read', async () => {
    await receive(await signed({ modules: ['incidents', 'cmdb', 'alerts', 'exports'] }));
    for (const [name, attempt] of Object.entries(extras())) {
      const { body } = await attempt().expect(403);
      expect([name, body.code]).toEqual([name, 'module_not_in_plan']);
    }
    await plane.get('/api/slos', admin).expect(200);
  });

  describe('and the clock', () => {
    beforeEach(() => plane.app.get(TrustedTime).correct(clock.now()));
    afterAll(() => plane.app.get(TrustedTime).correct(clock.now()));

    it('is not extended by setting the clock back, not even with a restart', async () => {
      await receive(await signed());
      clock.advance(31 * DAY);
      await plane.app.get(TrustedTime).keep();
      clock.jump(-31 * DAY);
      admin = { ...admin, ...(await plane.user(tenant, 'admin')) };
      expect((await entitlements()).lease.state).toBe('expired');
      if (driver === 'sqlite') return;
      const restarted = await TestTenantPlane.open(plane.database, { clock: new FixedClock(clock.now()) });
      const { body } = await restarted.get('/api/entitlements', admin).expect(200);
      expect(body.lease.state).toBe('expired');
      await restarted.app.close();
    });

    it('goes on while the clock is set back', async () => {
      await receive(await signed());
      clock.jump(-DAY);
      clock.advance(DAY);
      admin = { ...admin, ...(await plane.user(tenant, 'admin')) };
      expect((await entitlements()).lease.state).toBe('late');
    });

    it('is corrected, in both directions, only by the Control Plane', async () => {
      await receive(await signed());
      const time = plane.app.get(TrustedTime);
      const issuedAt = clock.now();
      clock.jump(31 * DAY);
      expect(time.now()).toEqual(clock.now());
      time.correct(issuedAt);
      expect(time.now()).toEqual(issuedAt);
      await time.keep();
      await plane.identities.refresh();
      expect(plane.identities.current.latestTime).toEqual(issuedAt);
      clock.advance(DAY);
      expect(time.now()).toEqual(new Date(issuedAt.getTime() + DAY * 1000));
    });
  });
});

describe.each(EVERY_DATABASE)('a lease from a file on %s', (driver) => {
  let clock: FixedClock;
  let plane: TestTenantPlane;
  let key: LeaseKey;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  beforeEach(async () => {
    clock = new FixedClock();
    plane = await TestTenantPlane.boot(driver, { clock, env: { ATLAS_TP_DEPLOYMENT: 'on_prem' } });
    key = await LeaseKey.create();
    await plane.identities.update({ keys: [plane.signupKey.published, key.published] });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
  });
  afterEach(() => plane.close());

  const signed = (changes: LeaseChanges = {}): Promise<string> =>
    key.lease({ tenantId: tenant.tenant_id, planeId: plane.id, now: clock.now() }, changes);
  const load = async (lease: string, options: CallOptions = admin) =>
    plane.post('/api/entitlements/lease', { lease, serial: 1, tenant_id: tenant.tenant_id }, options);

  it('takes effect at once, and loading it again changes nothing', async () => {
    const lease = await signed({ plan: 'operations', ...ENTITLEMENTS_OF_PLANS.operations });
    for (let turn = 0; turn < 2; turn += 1) {
      const { status, body } = await load(lease);
      expect([status, body.plan, body.lease.state]).toEqual([200, 'operations', 'valid']);
    }
    expect(await plane.audit(tenant, 'lease.loaded')).toHaveLength(1);
  });

  it('is refused unless it is the newest one for this tenant on this plane', async () => {
    expect((await load(await signed())).status).toBe(200);
    const refusals = [
      await signed({ serial: clock.now().getTime() - 1 }),
      await signed({ plan: 'enterprise' }),
      await signed({ sub: plane.id }),
      await signed({ aud: tenant.tenant_id }),
      await signed({ exp: Math.floor(clock.now().getTime() / 1000) }),
      'no lease',
    ];
    for (const lease of refusals) {
      const { status, body } = await load(lease);
      expect([status, body.code]).toEqual([409, 'lease_refused']);
    }
    expect(await plane.audit(tenant, 'lease.loaded')).toHaveLength(1);
  });

  it('stays if an older one is loaded at the same time', async () => {
    const [older, newer] = [await signed(), await signed({ serial: clock.now().getTime() + 1 })];
    const answers = await Promise.all([load(newer), load(newer), load(older)]);
    expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([200, 200]);
    const { body } = await plane.get('/api/entitlements', admin).expect(200);
    expect(body.lease.serial).toBe(clock.now().getTime() + 1);
  });

  it('can be loaded only by an admin', async () => {
    const operator = { ...admin, ...(await plane.user(tenant, 'operator')) };
    expect((await load(await signed(), operator)).status).toBe(403);
  });

  it('suspends the tenant if it says so', async () => {
    expect((await load(await signed({ billing: 'suspended' }))).status).toBe(200);
    const { body } = await plane.get('/api/incidents', admin).expect(403);
    expect(body.code).toBe('tenant_suspended');
  });

  it('stays if the Control Plane sends an older one, or none', async () => {
    const lease = await signed({ serial: clock.now().getTime() + 1000 });
    await load(lease);
    await plane.tenant('acme', { ...tenant, lease: await signed() });
    await plane.tenant('acme', tenant);
    const { body } = await plane.get('/api/entitlements', admin).expect(200);
    expect(body.lease.serial).toBe(clock.now().getTime() + 1000);
  });
});

describe('a lease from a file in shared', () => {
  it('is refused, because the Control Plane sends the leases', async () => {
    const plane = await TestTenantPlane.boot('sqlite');
    const { admin } = await plane.tenantWithAdmin('acme');
    const { body } = await plane.post('/api/entitlements/lease', { lease: 'x' }, admin).expect(409);
    expect(body.code).toBe('lease_refused');
    await plane.close();
  });
});

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
