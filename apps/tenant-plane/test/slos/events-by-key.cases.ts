import { Throttle } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-record.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const EVENTS = { good: 9, total: 10 };

describe.each(EVERY_DATABASE)('events of an SLO, sent with the key of a data source, on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let source: { readonly id: string; readonly key: string };
  let slo: string;
  let count = 0;

  beforeAll(async () => (plane = await TestTenantPlane.boot(driver, { clock })));
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
    source = await createSource(admin);
    const body = { name: 'Up', objective: 0.9, window_days: 30, indicator: { kind: 'events' } };
    slo = (await plane.post('/api/slos', body, admin).expect(201)).body.id;
  });

  const createSource = async (user: CallOptions) =>
    (await plane.post('/api/data-sources', { name: 'Scripts', kind: 'generic' }, user).expect(201)).body;
  const send = (headers: Record<string, string> = {}, key = source.key) => {
    const all = { authorization: `Bearer ${key}`, ...headers };
    return plane.post(`/api/slos/${slo}/events`, EVENTS, { headers: all });
  };
  const total = async (): Promise<number> =>
    (await plane.get(`/api/slos/${slo}/status`, admin).expect(200)).body.total;

  it('are counted, like those of a user', async () => {
    await send().expect(202);
    await plane.post(`/api/slos/${slo}/events`, EVENTS, admin).expect(202);
    expect(await total()).toBe(20);
  });

  it('are counted once if the request is repeated with its Idempotency-Key', async () => {
    const once = { 'idempotency-key': 'once' };
    const [{ body: first }, { body: second }] = [await send(once).expect(202), await send(once).expect(202)];
    expect(second).toEqual(first);
    expect(await total()).toBe(10);
    const other = await createSource(admin);
    await send(once, other.key).expect(202);
    expect(await total()).toBe(20);
    expect(JSON.stringify(await plane.rows(tenant, IdempotencyRecord))).not.toContain(source.key);
  });

  it('are refused with a key that is unknown, revoked or of another tenant', async () => {
    const { admin: stranger } = await plane.tenantWithAdmin(`other-${count}`);
    await send({}, (await createSource(stranger)).key).expect(404);
    await send({}, `ads_${tenant.tenant_id}_${'A'.repeat(43)}`).expect(401);
    const revoke = { revoke_now: true };
    await plane.post(`/api/data-sources/${source.id}/rotate-key`, revoke, admin).expect(200);
    await send().expect(401);
    expect(await total()).toBe(0);
  });

  it('are refused for users who may not change SLOs', async () => {
    const { session } = await plane.user(tenant, 'fulfiller');
    await plane.post(`/api/slos/${slo}/events`, EVENTS, { session }).expect(403);
    await plane.post(`/api/slos/${slo}/events`, EVENTS, { tenant: tenant.slug }).expect(401);
  });

  it('are not repeated to someone whose key has been revoked', async () => {
    const once = { 'idempotency-key': 'once' };
    await send(once).expect(202);
    const revoke = { revoke_now: true };
    await plane.post(`/api/data-sources/${source.id}/rotate-key`, revoke, admin).expect(200);
    await send(once).expect(401);
  });

  it('are counted before a rotation that revokes the key takes effect', async () => {
    const counting = Pause.before(plane.app.get(Throttle), 'take');
    const sending = send().then(({ status }) => status);
    await counting.reached;
    const path = `/api/data-sources/${source.id}/rotate-key`;
    const rotating = plane.post(path, { revoke_now: true }, admin).then(({ status }) => status);
    await endedOrWaiting(plane, rotating);
    counting.release();
    expect([await sending, await rotating, await total()]).toEqual([202, 200, 10]);
  });
});
