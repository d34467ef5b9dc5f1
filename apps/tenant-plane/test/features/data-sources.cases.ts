import { ChangeTracking, Database, Throttle } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type DataSourceWithKeyView } from '@atlas/tenant-api/data-sources';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { REQUESTS } from '../../src/data-sources/data-source-keys';
import { DataSource } from '../../src/data-sources/data-source.entity';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-record.entity';
import { unfenced } from '../../src/plane-identity/fence';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { AlertSender } from './alert-sender.fixture';

const ALERTMANAGER_BODY = {
  version: '4',
  groupKey: '{}:{alertname="DiskFull"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'atlas',
  groupLabels: { alertname: 'DiskFull' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager:9093',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'DiskFull' },
      annotations: {},
      startsAt: '2026-01-31T11:59:00.123456789Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus:9090/graph',
      fingerprint: 'c6b1d1a0b1c2d3e4',
    },
  ],
};

describe.each(EVERY_DATABASE)('a data source on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => (plane = await TestTenantPlane.boot(driver, { clock })));
  afterAll(() => plane.close());
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`)));

  const create = (fields: object = {}, options: CallOptions = admin) =>
    plane.post('/api/data-sources', { name: 'Prometheus', kind: 'generic', ...fields }, options);
  const created = async (fields: object = {}): Promise<DataSourceWithKeyView> =>
    (await create(fields).expect(201)).body;
  const sendWith = (key: string | null, kind = 'generic') => {
    const body =
      kind === 'generic' ? { alerts: [{ status: 'firing', labels: { alertname: 'A' } }] } : ALERTMANAGER_BODY;
    return plane.post(`/api/ingest/${kind}/${key}`, body);
  };
  const rotate = (id: string, body: object = {}, options: CallOptions = admin) =>
    plane.post(`/api/data-sources/${id}/rotate-key`, body, options);
  const refusal = ({ status, body }: { status: number; body: { code: string } }) => [status, body.code];

  it('shows its key once, and has a URL that alerts can be sent to', async () => {
    const { key, ...source } = await created({ kind: 'alertmanager' });
    expect(key).toMatch(new RegExp(`^ads_${tenant.tenant_id}_[A-Za-z0-9_-]{43}$`));
    expect(source).toEqual({
      id: expect.any(String),
      name: 'Prometheus',
      kind: 'alertmanager',
      ingest_url: expect.stringMatching(
        new RegExp(`^https?://${tenant.slug}\\..+/api/ingest/alertmanager/${key}$`),
      ),
      group_by: ['alertname'],
      window_minutes: 30,
      enabled: true,
      last_received_at: null,
      created_at: expect.any(String),
      previous_key_until: null,
    });
    const shown = { ...source, ingest_url: source.ingest_url.replace(key ?? '', '{key}') };
    expect((await plane.get(`/api/data-sources/${source.id}`, admin).expect(200)).body).toEqual(shown);
    expect((await plane.get('/api/data-sources', admin).expect(200)).body.items).toEqual([shown]);
    expect(JSON.stringify(await plane.rows(tenant, DataSource))).not.toContain(key);
  });

  it('is created once by a repeated request, which does not get the key', async () => {
    const keyed = { ...admin, headers: { 'idempotency-key': 'once' } };
    const { body: first } = await create({}, keyed).expect(201);
    const { body: second } = await create({}, keyed).expect(201);
    expect(second).toEqual({ ...first, key: null, ingest_url: first.ingest_url.replace(first.key, '{key}') });
    expect(await plane.rows(tenant, DataSource)).toHaveLength(1);
    const { body: rotated } = await rotate(first.id, {}, keyed).expect(200);
    expect((await rotate(first.id, {}, keyed).expect(200)).body).toMatchObject({ key: null });
    await sendWith(rotated.key).expect(202);
    expect(await plane.rows(tenant, IdempotencyRecord)).toHaveLength(2);
  });

  it('notes when it last received alerts', async () => {
    const { id, key } = await created();
    clock.advance(60);
    await sendWith(key).expect(202);
    const { body } = await plane.get(`/api/data-sources/${id}`, admin);
    expect(body.last_received_at).toBe(clock.now().toISOString());
  });

  it("cuts off Alertmanager's annotations that are too long", async () => {
    const { key } = await created({ kind: 'alertmanager' });
    const long = Array.from({ length: 5 }, (_, index) => [`a${index}`, 'x'.repeat(5000)] as const);
    const annotations = Object.fromEntries(long);
    const alerts = ALERTMANAGER_BODY.alerts.map((alert) => ({ ...alert, annotations }));
    await plane.post(`/api/ingest/alertmanager/${key}`, { ...ALERTMANAGER_BODY, alerts }).expect(202);
    const { body } = await plane.get('/api/alerts', admin);
    const kept = Object.entries<string>(body.items[0].annotations);
    expect(kept.map(([, { length }]) => length)).toEqual([4000, 4000, 4000, 16_000 - 3 * 4002 - 2]);
  });

  it("receives Alertmanager's webhook with fields that Atlas does not know", async () => {
    const { key } = await created({ kind: 'alertmanager' });
    const { body } = await sendWith(key, 'alertmanager').expect(202);
    expect(body).toEqual({ received: 1, opened: 1, updated: 0, resolved: 0, silenced: 0 });
    const { body: alerts } = await plane.get('/api/alerts', admin);
    expect(alerts.items).toMatchObject([
      { fingerprint: 'c6b1d1a0b1c2d3e4', starts_at: '2026-01-31T11:59:00.123Z', ends_at: null },
    ]);
  });

  it.each([
    ['unknown', () => `ads_${tenant.tenant_id}_${'A'.repeat(43)}`],
    ['of an unknown tenant', () => `ads_00000000-0000-7000-8000-000000000000_${'A'.repeat(43)}`],
    ['an agent', () => `aga_${tenant.tenant_id}_${'A'.repeat(43)}`],
    ['malformed', () => 'x'],
  ])('refuses a key that is %s', async (_, key) => {
    expect(refusal(await sendWith(key()))).toEqual([401, 'unauthenticated']);
  });

  it("refuses a key on another tenant's address, and a session in place of a key", async () => {
    const { key } = await created();
    const other = await plane.tenantWithAdmin(`other-${count}`);
    const body = { alerts: [{ status: 'firing', labels: { alertname: 'A' } }] };
    const elsewhere = await plane.post(`/api/ingest/generic/${key}`, body, { host: other.admin.host ?? '' });
    expect(refusal(elsewhere)).toEqual([401, 'unauthenticated']);
    expect(refusal(await sendWith(admin.session ?? ''))).toEqual([401, 'unauthenticated']);
  });

  it('accepts its old key for another day after a rotation, even after a second one', async () => {
    const { id, key: first } = await created();
    const { key: second } = (await rotate(id).expect(200)).body;
    const { body: rotated } = await rotate(id).expect(200);
    const inADay = new Date(clock.now().getTime() + 24 * 3600_000).toISOString();
    expect(rotated.previous_key_until).toBe(inADay);
    for (const key of [first, second, rotated.key]) await sendWith(key).expect(202);
    clock.advance(24 * 3600);
    for (const key of [first, second]) await sendWith(key).expect(401);
    await sendWith(rotated.key).expect(202);
    const { session } = await plane.user(tenant, 'admin');
    const { body: shown } = await plane.get(`/api/data-sources/${id}`, { session });
    expect(shown.previous_key_until).toBeNull();
    expect(await plane.audit(tenant, 'data_source.key_rotated')).toHaveLength(2);
  });

  it('refuses its old key at once if the rotation says so', async () => {
    const { id, key } = await created();
    await rotate(id).expect(200);
    const { body: rotated } = await rotate(id, { revoke_now: true }).expect(200);
    await sendWith(key).expect(401);
    await sendWith(rotated.key).expect(202);
  });

  it('does not repeat its key if the path is wrong', async () => {
    const { key } = await created();
    const { status, text } = await sendWith(`${key}/x`);
    expect([status, text]).toEqual([404, expect.not.stringContaining(key ?? '')]);
  });

  it('refuses alerts while it is disabled, and those of the other kind', async () => {
    const { id, key } = await created();
    await plane.patch(`/api/data-sources/${id}`, { enabled: false }, admin).expect(200);
    expect(refusal(await sendWith(key))).toEqual([403, 'data_source_disabled']);
    await plane.patch(`/api/data-sources/${id}`, { enabled: true }, admin).expect(200);
    expect(refusal(await sendWith(key, 'alertmanager'))).toEqual([403, 'data_source_kind']);
    expect(await plane.audit(tenant, 'data_source.updated')).toMatchObject([
      { before: { enabled: true }, after: { enabled: false } },
      { before: { enabled: false }, after: { enabled: true } },
    ]);
  });

  it('counts no repeated alert of a request that it refuses', async () => {
    const { id, key } = await created();
    await sendWith(key).expect(202);
    const countOf = async () => (await plane.get('/api/alerts', admin)).body.items[0].count;
    await sendWith(key).expect(202);
    expect(await countOf()).toBe(2);
    await plane.patch(`/api/data-sources/${id}`, { enabled: false }, admin).expect(200);
    await sendWith(key).expect(403);
    await plane.patch(`/api/data-sources/${id}`, { enabled: true }, admin).expect(200);
    await rotate(id, { revoke_now: true }).expect(200);
    await sendWith(key).expect(401);
    expect(await countOf()).toBe(2);
  });

  it('is named by its alerts, with its present name and even after it is deleted', async () => {
    const [{ id, key }, other] = [await created({ name: 'First' }), await created({ name: 'Second' })];
    for (const source of [key, other.key]) await sendWith(source).expect(202);
    const named = async (query = '') =>
      (await plane.get(`/api/alerts${query}`, admin).expect(200)).body.items.map(
        (alert: { source_name: string }) => alert.source_name,
      );
    expect(await named()).toEqual(['Second', 'First']);
    await plane.patch(`/api/data-sources/${id}`, { name: 'Renamed' }, admin).expect(200);
    await plane.delete(`/api/data-sources/${id}`, admin).expect(204);
    expect(await named(`?source_id=${id}`)).toEqual(['Renamed']);
    const [alert] = (await plane.get(`/api/alerts?source_id=${id}`, admin)).body.items;
    expect((await plane.get(`/api/alerts/${alert.id}`, admin).expect(200)).body).toEqual(alert);
  });

  it('leaves its alerts behind when it is deleted', async () => {
    const { id, key } = await created();
    await sendWith(key).expect(202);
    await plane.delete(`/api/data-sources/${id}`, admin).expect(204);
    await plane.delete(`/api/data-sources/${id}`, admin).expect(404);
    await plane.get(`/api/data-sources/${id}`, admin).expect(404);
    expect((await plane.get('/api/data-sources', admin)).body.items).toEqual([]);
    await sendWith(key).expect(401);
    expect((await plane.get(`/api/alerts?source_id=${id}`, admin)).body.items).toHaveLength(1);
  });

  it.each([
    ['rotated', (id: string) => rotate(id, { revoke_now: true })],
    ['deleted', (id: string) => plane.delete(`/api/data-sources/${id}`, admin)],
  ])('is %s only after the alerts that are being stored with its key', async (_, end) => {
    const { id, key } = await created();
    const storing = Pause.before(plane.app.get(Throttle), 'take');
    const sending = sendWith(key).then((response) => response.status);
    await storing.reached;
    let hasEnded = false;
    const ending = end(id).then(({ status }) => ((hasEnded = true), status));
    await endedOrWaiting(plane, ending);
    expect(hasEnded).toBe(false);
    storing.release();
    expect([await sending, Math.floor((await ending) / 100)]).toEqual([202, 2]);
    await sendWith(key).expect(401);
  });

  it.each([
    ['generic', 429],
    ['alertmanager', 503],
  ])('of the kind %s answers %i over its limit, and says when to try again', async (kind, status) => {
    const { key } = await created({ kind });
    const take = jest.replaceProperty(REQUESTS, 'limit', 2);
    await sendWith(key, kind).expect(202);
    await sendWith(key, kind).expect(202);
    const refused = await sendWith(key, kind).expect(status);
    take.restore();
    expect([refused.body.code, Number(refused.headers['retry-after'])]).toEqual(['too_many_attempts', 60]);
  });

  it.each([
    ['generic', 429],
    ['alertmanager', 503],
  ])('of the kind %s answers %i while its tenant is frozen by a move', async (kind, status) => {
    const { key } = await created({ kind });
    const tracking = new ChangeTracking(plane.app.get(Database), unfenced);
    const { tenant_id: tenantId } = tenant;
    await tracking.start(tenantId, AbortSignal.timeout(10_000));
    await tracking.freeze(tenantId, AbortSignal.timeout(10_000));
    const refused = await sendWith(key, kind).expect(status);
    expect([refused.body.code, refused.headers['retry-after']]).toEqual(['tenant_frozen', '1']);
    expect((await plane.get('/api/alerts', admin)).body.items).toEqual([]);
  });

  it('redirects its senders if its tenant has moved', async () => {
    const { key } = await created();
    const moved = { phase: 'retired', movedTo: 'https://new.example.com' } as const;
    const { tenant_id: id } = tenant;
    await plane.app.get(Database).write((manager) => manager.update(Tenant, { id }, moved));
    clock.advance(2);
    const redirected = await sendWith(key).expect(307);
    expect(redirected.headers['location']).toBe(`https://new.example.com/api/ingest/generic/${key}`);
  });

  it('refuses alerts while its tenant is suspended', async () => {
    const { key } = await created();
    await plane.tenant(tenant.slug, { ...tenant, status: 'suspended', entry_revision: 1000 + count });
    expect(refusal(await sendWith(key))).toEqual([403, 'tenant_suspended']);
  });

  describe('refuses a request that', () => {
    let sender: AlertSender;
    beforeEach(async () => (sender = await AlertSender.create(plane, admin)));

    const alert = { status: 'firing', labels: { alertname: 'A' } };
    const manyLong = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`l${index}`, 'x'.repeat(4000)]),
    );
    it.each<[string, number, unknown]>([
      ['has 1,001 alerts', 400, { alerts: Array.from({ length: 1001 }, () => alert) }],
      ['has no alert', 400, { alerts: [] }],
      ['has a list in place of an alert', 400, { alerts: [[]] }],
      ['has a field that Atlas does not know', 400, { alerts: [alert], extra: 1 }],
      ['has a label of 100 KB', 400, { alerts: [{ ...alert, labels: { a: 'x'.repeat(100_000) } }] }],
      ['has labels of 20 KB', 400, { alerts: [{ ...alert, labels: manyLong }] }],
      ['has annotations of 20 KB', 400, { alerts: [{ ...alert, annotations: manyLong }] }],
      ['has a label that is no string', 400, { alerts: [{ ...alert, labels: { a: 1 } }] }],
      [
        'has 65 labels',
        400,
        {
          alerts: [
            { ...alert, labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ''])) },
          ],
        },
      ],
      ['has a NUL in a label', 400, { alerts: [{ ...alert, labels: { a: 'a\u0000b' } }] }],
      ['starts in 1970', 400, { alerts: [{ ...alert, starts_at: '1970-01-01T00:00:00Z' }] }],
      ['starts in 2100', 400, { alerts: [{ ...alert, starts_at: '2100-01-01T00:00:00Z' }] }],
      ['starts at no time', 400, { alerts: [{ ...alert, starts_at: 'yesterday' }] }],
      ['has a label named __proto__', 400, '{"alerts":[{"status":"firing","labels":{"__proto__":"x"}}]}'],
      ['is cut off', 400, '{"alerts":[{"status":"fir'],
      ['is larger than 1 MiB', 413, { alerts: [{ ...alert, annotations: { a: 'x'.repeat(1_100_000) } }] }],
      ['has no body', 400, ''],
    ])('%s', async (_, status, body) => {
      const request = plane.post(sender.path, undefined).set('content-type', 'application/json');
      const response = await request.send(typeof body === 'string' ? body : JSON.stringify(body));
      expect([response.status, typeof response.body.code]).toEqual([status, 'string']);
      expect(response.text).not.toContain(sender.source.key);
      expect(await sender.alerts()).toEqual([]);
    });

    it('is not UTF-8', async () => {
      const text = Buffer.from('{"alerts":[{"status":"firing","labels":{"a":"\xff"}}]}', 'latin1');
      const answer = await fetch(`${plane.url}${sender.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
      });
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('UTF-8')]);
    });

    it('claims to be of another version of the webhook', async () => {
      const { key } = await created({ kind: 'alertmanager' });
      const body = { ...ALERTMANAGER_BODY, version: '3' };
      await plane.post(`/api/ingest/alertmanager/${key}`, body).expect(400);
    });
  });
});
