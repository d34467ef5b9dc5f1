import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type SloStatusView, type SloView } from '@atlas/tenant-api/slos';
import { TenantDatabase } from '@atlas/persistence';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { EntityManager } from 'typeorm';
import { DueWork } from '../../src/due/due-work';
import { SloBucket } from '../../src/slos/slo-bucket.entity';
import { Slo } from '../../src/slos/slo.entity';
import { idOf, insertMany } from '../many-rows.fixture';
import { endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const DAY = 86_400;
const EVENTS = { kind: 'events' };
const WANTED = { name: 'Checkout', objective: 0.99, window_days: 30, indicator: EVENTS };

describe.each(EVERY_DATABASE)('service level objectives on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  let count = 0;
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`)));

  const create = async (fields: object = {}): Promise<SloView> =>
    (await plane.post('/api/slos', { ...WANTED, ...fields }, admin).expect(201)).body;
  const add = (id: string, body: object, options: CallOptions = admin) =>
    plane.post(`/api/slos/${id}/events`, body, options);
  const status = async (id: string): Promise<SloStatusView> =>
    (await plane.get(`/api/slos/${id}/status`, admin).expect(200)).body;
  const sweep = () => plane.app.get(DueWork).sweep();
  const ago = (seconds: number): string => new Date(clock.now().getTime() - seconds * 1000).toISOString();
  const item = async (): Promise<string> =>
    (await plane.post('/api/cmdb/items', { name: 'shop', type: 'service' }, admin).expect(201)).body.id;

  describe('themselves', () => {
    it('are created, listed, shown and recorded in the audit trail', async () => {
      const ci_id = await item();
      const slo = await create({ name: ' Checkout ', service: ' shop ', ci_id });
      expect(slo).toEqual({
        ...WANTED,
        id: expect.any(String),
        service: 'shop',
        ci_id,
        indicator_error: null,
        incident_id: null,
        created_at: clock.now().toISOString(),
        updated_at: clock.now().toISOString(),
      });
      const other = await create({ service: 'search' });
      const listed = async (query = ''): Promise<unknown> =>
        (await plane.get(`/api/slos${query}`, admin).expect(200)).body.items;
      expect(await listed()).toEqual([other, slo]);
      expect([await listed('?service=shop'), await listed(`?ci_id=${ci_id}`)]).toEqual([[slo], [slo]]);
      expect((await plane.get(`/api/slos/${slo.id}`, admin).expect(200)).body).toEqual(slo);
      expect(await plane.audit(tenant, 'slo.created')).toMatchObject([
        { targetId: slo.id, after: { name: 'Checkout', objective: 0.99 } },
        { targetId: other.id },
      ]);
    });

    it('are created once if the request is repeated with its key', async () => {
      const once = { ...admin, headers: { 'idempotency-key': randomUUID() } };
      const post = () => plane.post('/api/slos', WANTED, once).expect(201);
      const [first, second] = [await post(), await post()];
      expect(second.body).toEqual(first.body);
      expect(await plane.rows(tenant, Slo)).toHaveLength(1);
    });

    it('are changed, and measured by the new objective and window', async () => {
      const { id } = await create();
      await add(id, { good: 90, total: 100, at: ago(10 * DAY) }).expect(202);
      await add(id, { good: 99, total: 100 }).expect(202);
      expect(await status(id)).toMatchObject({ total: 200, budget: { total: 2, spent: 11 } });
      clock.advance(1);
      const fields = { name: 'Pay', objective: 0.98, window_days: 7, service: 'pay' };
      const { body } = await plane.patch(`/api/slos/${id}`, fields, admin).expect(200);
      expect(body).toMatchObject({ ...fields, updated_at: clock.now().toISOString() });
      expect(await status(id)).toMatchObject({ objective: 0.98, total: 100, budget: { total: 2, spent: 1 } });
      const [event] = await plane.audit(tenant, 'slo.updated');
      expect(event).toMatchObject({ before: { name: 'Checkout' }, after: { name: 'Pay', window_days: 7 } });
    });

    it('record nothing if a change changes nothing', async () => {
      const { id, updated_at } = await create();
      clock.advance(1);
      const { body } = await plane.patch(`/api/slos/${id}`, { objective: 0.99 }, admin).expect(200);
      expect(body.updated_at).toBe(updated_at);
      expect(await plane.audit(tenant, 'slo.updated')).toEqual([]);
    });

    it('are deleted with all their events', async () => {
      const [{ id }, other] = [await create(), await create()];
      for (const one of [id, other.id]) await add(one, { good: 1, total: 1 }).expect(202);
      await plane.delete(`/api/slos/${id}`, admin).expect(204);
      for (const path of ['', '/status', '/series'])
        await plane.get(`/api/slos/${id}${path}`, admin).expect(404);
      await plane.delete(`/api/slos/${id}`, admin).expect(404);
      await plane.patch(`/api/slos/${id}`, { objective: 0.9 }, admin).expect(404);
      expect((await add(id, { good: 1, total: 1 }).expect(404)).body.code).toBe('slo_not_found');
      expect((await plane.get('/api/slos', admin)).body.items).toEqual([other]);
      await sweep();
      expect((await plane.rows(tenant, Slo)).map((slo) => slo.id)).toEqual([other.id]);
      expect((await plane.rows(tenant, SloBucket)).map(({ sloId }) => sloId)).toEqual([other.id]);
    });

    it.each<[string, object]>([
      ['an objective of 0', { objective: 0 }],
      ['an objective of 1', { objective: 1 }],
      ['an objective of 99.9', { objective: 99.9 }],
      ['an objective that is too low', { objective: 0.49 }],
      ['an objective that is too high', { objective: 0.999991 }],
      ['an objective as text', { objective: '0.99' }],
      ['no objective', { objective: null }],
      ['an unknown window', { window_days: 14 }],
      ['a window as text', { window_days: '30' }],
      ['a blank name', { name: ' ' }],
      ['an unknown indicator', { indicator: { kind: 'datadog' } }],
      ['an indicator without a kind', { indicator: {} }],
      ['a list of indicators', { indicator: [EVENTS] }],
      ['an indicator as text', { indicator: 'events' }],
      ['no indicator', { indicator: null }],
      ['a query without Prometheus', { indicator: { ...EVENTS, good_query: 'up' } }],
      ['Prometheus without queries', { indicator: { kind: 'prometheus', url: 'https://p.example.com' } }],
      [
        'Prometheus at a file',
        { indicator: { kind: 'prometheus', url: 'file:///etc/passwd', good_query: 'up', total_query: 'up' } },
      ],
      [
        'Prometheus with a password in its address',
        {
          indicator: {
            kind: 'prometheus',
            url: 'https://a:b@p.example.com',
            good_query: 'x',
            total_query: 'x',
          },
        },
      ],
    ])('are refused with %s', async (_, fields) => {
      const { body } = await plane.post('/api/slos', { ...WANTED, ...fields }, admin).expect(400);
      expect(body.code).toBe('validation_failed');
      expect(await plane.rows(tenant, Slo)).toEqual([]);
    });

    it.each(['http://127.0.0.1:9090', 'http://[::1]', 'http://169.254.169.254/latest', 'http://10.0.0.1'])(
      'are refused with a Prometheus at %s, because it is not on the internet',
      async (url) => {
        const indicator = { kind: 'prometheus', url, good_query: 'x', total_query: 'x' };
        const refused = await plane.post('/api/slos', { ...WANTED, indicator }, admin).expect(422);
        const { id } = await create();
        const changed = await plane.patch(`/api/slos/${id}`, { indicator }, admin).expect(422);
        expect([refused.body.code, changed.body.code]).toEqual([
          'address_not_allowed',
          'address_not_allowed',
        ]);
      },
    );

    it('are refused for an item that does not exist or is archived', async () => {
      const archived = await item();
      await plane.delete(`/api/cmdb/items/${archived}`, admin).expect(204);
      const { id } = await create();
      for (const [ci_id, code] of [
        [randomUUID(), 'configuration_item_not_found'],
        [archived, 'configuration_item_archived'],
      ]) {
        const created = await plane.post('/api/slos', { ...WANTED, ci_id }, admin).expect(422);
        const changed = await plane.patch(`/api/slos/${id}`, { ci_id }, admin).expect(422);
        expect([created.body.code, changed.body.code]).toEqual([code, code]);
      }
    });
  });

  describe('with events', () => {
    it('count them in the next status', async () => {
      const { id } = await create();
      const { body } = await add(id, { good: 990, total: 1000 }).expect(202);
      expect(body).toEqual({ good: 990, total: 1000, at: '2030-01-01T00:00:00.000Z' });
      expect(await status(id)).toMatchObject({
        objective: 0.99,
        good: 990,
        total: 1000,
        attainment: 0.99,
        budget: { total: 10, spent: 10, remaining_ratio: 0 },
        state: 'exhausted',
      });
    });

    it('have no data before the first event', async () => {
      expect((await status((await create()).id)).state).toBe('no_data');
    });

    it('are summed up by one statement that uses an index, in each minute of 90 days', async () => {
      const { id } = await create({ window_days: 90 });
      const [count, now] = [90 * 24 * 60, Math.floor(clock.now().getTime() / 60_000)];
      const into = 'slo_buckets (tenant_id, id, slo_id, minute, good, total)';
      const select = `$1, ${idOf(plane, 'n')}, '${id}', ${now} - n + 1, 9, 10`;
      await insertMany(plane, tenant.tenant_id, { count, into, select });
      const asked = jest.spyOn(EntityManager.prototype, 'query');
      expect(await status(id)).toMatchObject({ good: 9 * count, total: 10 * count });
      const sums = asked.mock.calls.filter(([sql]) => sql.includes('slo_buckets'));
      asked.mockRestore();
      expect(sums).toHaveLength(1);
      const [[sql, parameters] = ['']] = sums;
      const explain = driver === 'postgres' ? 'explain' : 'explain query plan';
      const plan = await plane.app
        .get(TenantDatabase)
        .read(tenant.tenant_id, ({ manager }) => manager.query<object[]>(`${explain} ${sql}`, parameters));
      expect(JSON.stringify(plan)).toMatch(/Index Scan|USING INDEX/);
    });

    it('are listed with their objectives if asked for, with one statement for each window', async () => {
      const [week, month, quiet] = [
        await create({ window_days: 7 }),
        await create({ objective: 0.5 }),
        await create({ window_days: 7 }),
      ];
      for (const { id } of [week, month]) {
        await add(id, { good: 1, total: 2, at: ago(6 * DAY) }).expect(202);
        await add(id, { good: 9, total: 10 }).expect(202);
      }
      await add(month.id, { good: 0, total: 5, at: ago(8 * DAY) }).expect(202);
      await plane.delete(`/api/slos/${(await create()).id}`, admin).expect(204);
      const asked = jest.spyOn(EntityManager.prototype, 'query');
      const { body } = await plane.get('/api/slos?include=status', admin).expect(200);
      const sums = asked.mock.calls.filter(([sql]) => sql.includes('slo_buckets'));
      asked.mockRestore();
      expect(sums).toHaveLength(2);
      expect(body.items.map((slo: SloView) => slo.id)).toEqual([quiet.id, month.id, week.id]);
      for (const slo of body.items) expect(slo.status).toEqual(await status(slo.id));
      expect(body.items.map((slo: SloView) => [slo.status?.state, slo.status?.total])).toEqual([
        ['no_data', 0],
        ['ok', 17],
        ['exhausted', 12],
      ]);
      const page = await plane.get('/api/slos?include=status&limit=2', admin).expect(200);
      expect(page.body).toEqual({ items: body.items.slice(0, 2), next_cursor: month.id });
      const plain = await plane.get('/api/slos', admin).expect(200);
      expect(plain.body.items).toEqual([quiet, month, week]);
      await plane.get('/api/slos?include=series', admin).expect(400);
      await Promise.all(Array.from({ length: 8 }, () => create()));
      const full = await plane.get('/api/slos?include=status&limit=50', admin).expect(200);
      expect(full.body.items).toHaveLength(10);
      expect(full.body.next_cursor).toBe(month.id);
    });

    it('count every one of many concurrent requests', async () => {
      const { id } = await create();
      await Promise.all(Array.from({ length: 40 }, () => add(id, { good: 2, total: 3 }).expect(202)));
      expect(await status(id)).toMatchObject({ good: 80, total: 120 });
      expect(await plane.rows(tenant, SloBucket)).toMatchObject([{ good: 80, total: 120 }]);
    });

    it('count a request once if it is repeated with its key, and refuse another body', async () => {
      const { id } = await create();
      const once = { ...admin, headers: { 'idempotency-key': randomUUID() } };
      const both = await Promise.all([1, 2].map(() => add(id, { good: 1, total: 2 }, once).expect(202)));
      expect(both[1]?.body).toEqual(both[0]?.body);
      expect((await status(id)).total).toBe(2);
      expect((await add(id, { good: 2, total: 2 }, once).expect(422)).body.code).toBe(
        'idempotency_key_reused',
      );
    });

    it('count events at the edges of the window, until they leave it', async () => {
      const { id } = await create({ window_days: 7 });
      await add(id, { good: 1, total: 1, at: ago(7 * DAY) }).expect(202);
      await add(id, { good: 1, total: 1, at: ago(-60) }).expect(202);
      expect((await status(id)).total).toBe(2);
      clock.advance(60);
      expect((await status(id)).total).toBe(1);
    });

    it.each<[string, number, object]>([
      ['from before the window', 422, { at: '2029-12-01T23:58:59Z' }],
      ['from 1970', 422, { at: '1970-01-01T00:00:00Z' }],
      ['from 2100', 422, { at: '2100-01-01T00:00:00Z' }],
      ['at a date', 400, { at: '2030-01-01' }],
      ['at a time without an offset', 400, { at: '2030-01-01T00:00:00' }],
      ['on January 32', 400, { at: '2030-01-32T00:00:00Z' }],
      ['at null', 400, { at: null }],
      ['with more good events than events', 400, { good: 11 }],
      ['with a negative number', 400, { good: -1 }],
      ['with a fraction', 400, { good: 0.5 }],
      ['with too many', 400, { total: 1_000_000_001 }],
      ['with a number as text', 400, { good: '1' }],
      ['without a total', 400, { total: null }],
    ])('refuse events %s', async (_, code, fields) => {
      const { id } = await create();
      // The clock stands at 2030-01-01, or somewhat later.
      await add(id, { good: 1, total: 10, ...fields }).expect(code);
      expect((await status(id)).total).toBe(0);
    });

    it('refuse events of a deleted objective, even if it is deleted meanwhile', async () => {
      const { id } = await create();
      const deleting = plane.tenants.write(tenant.tenant_id, async (scope) => {
        await scope.update(Slo, { id }, { deletedAt: clock.now() });
        const adding = add(id, { good: 1, total: 1 }).then((answer) => answer.status);
        await endedOrWaiting(plane, adding);
        return { adding };
      });
      expect(await (await deleting).adding).toBe(404);
    });

    it('keep events for 125 days', async () => {
      const { id } = await create({ window_days: 90 });
      for (const days of [0, 90]) await add(id, { good: 1, total: 1, at: ago(days * DAY) }).expect(202);
      clock.advance(34 * DAY);
      await sweep();
      expect(await plane.rows(tenant, SloBucket)).toHaveLength(2);
      clock.advance(2 * DAY);
      await sweep();
      expect(await plane.rows(tenant, SloBucket)).toHaveLength(1);
    });
  });
});
