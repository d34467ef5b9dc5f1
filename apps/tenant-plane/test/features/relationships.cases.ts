import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type ImpactView, RELATIONSHIP_TYPES, type RelationshipView } from '@atlas/tenant-api/cmdb';
import { EVERY_DATABASE } from '@atlas/testing';
import { EntityManager } from 'typeorm';
import { Audit } from '../../src/audit/audit';
import { IMPACT_LIMITS } from '../../src/cmdb/impacts';
import { Relationship } from '../../src/cmdb/relationship.entity';
import { idOf, insertMany } from '../many-rows.fixture';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('relationships of configuration items on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => (plane = await TestTenantPlane.boot(driver)));
  afterAll(() => plane.close());
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`)));

  const item = async (name = 'web-1'): Promise<string> =>
    (await plane.post('/api/cmdb/items', { name, type: 'server' }, admin).expect(201)).body.id;
  const relate = (from_id: string, to_id: string, fields: object = {}) =>
    plane.post('/api/cmdb/relationships', { from_id, to_id, type: 'depends_on', ...fields }, admin);
  const impact = async (id: string, query = ''): Promise<ImpactView> =>
    (await plane.get(`/api/cmdb/items/${id}/impact${query}`, admin).expect(200)).body;
  const states = ({ items }: ImpactView): unknown[] =>
    items.map(({ name, depth, state }) => [name, depth, state]);
  const refusal = ({ status, body }: { status: number; body: { code: string } }) => [status, body.code];

  it('are stored, listed for either item, audited and deleted', async () => {
    const [web, db, other] = [await item(), await item('db-1'), await item('other')];
    const { body: edge } = await relate(web, db).expect(201);
    expect(edge).toEqual({
      id: expect.any(String),
      from_id: web,
      to_id: db,
      type: 'depends_on',
      min_up: null,
      created_at: expect.any(String),
    });
    const list = async (id: string): Promise<RelationshipView[]> =>
      (await plane.get(`/api/cmdb/relationships?item_id=${id}`, admin).expect(200)).body.items;
    expect([await list(web), await list(db), await list(other)]).toEqual([[edge], [edge], []]);
    await plane.delete(`/api/cmdb/relationships/${edge.id}`, admin).expect(204);
    await plane.delete(`/api/cmdb/relationships/${edge.id}`, admin).expect(404);
    expect(await list(web)).toEqual([]);
    const values = { from_id: web, to_id: db, type: 'depends_on', min_up: null };
    expect(await plane.audit(tenant, 'ci_relationship.created')).toMatchObject([{ after: values }]);
    expect(await plane.audit(tenant, 'ci_relationship.deleted')).toMatchObject([{ before: values }]);
  });

  it('cannot be stored twice, not even by two requests at once', async () => {
    const [web, db] = [await item(), await item()];
    const answers = await Promise.all([relate(web, db), relate(web, db), relate(web, db)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(refusal(await relate(web, db))).toEqual([409, 'relationship_exists']);
    await relate(web, db, { type: 'runs_on' }).expect(201);
    await relate(db, web).expect(201);
    expect(await plane.rows(tenant, Relationship)).toHaveLength(3);
  });

  it('cannot name the same item twice, or one that is unknown, archived or of another tenant', async () => {
    const [web, gone] = [await item(), await item()];
    expect(refusal(await relate(web, web))).toEqual([422, 'self_relationship']);
    expect(refusal(await relate(web, randomUUID()))).toEqual([422, 'configuration_item_not_found']);
    await plane.delete(`/api/cmdb/items/${gone}`, admin).expect(204);
    for (const [from, to] of [
      [web, gone],
      [gone, web],
    ] as const)
      expect(refusal(await relate(from, to))).toEqual([422, 'configuration_item_archived']);
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    const foreign = await plane.post('/api/cmdb/items', { name: 'x', type: 'y' }, stranger).expect(201);
    expect(refusal(await relate(web, foreign.body.id))).toEqual([422, 'configuration_item_not_found']);
    expect(await plane.rows(tenant, Relationship)).toEqual([]);
  });

  it('cannot name an item that is being archived, nor can an incident', async () => {
    const [web, db] = [await item(), await item()];
    const pause = Pause.before(plane.app.get(Audit), 'record');
    const archiving = plane.delete(`/api/cmdb/items/${db}`, admin).then((answer) => answer);
    await pause.reached;
    const linked = { title: 'x', severity: 'P1', ci_ids: [db] };
    const naming = [relate(web, db), plane.post('/api/incidents', linked, admin)].map((call) =>
      call.then((one) => one),
    );
    await endedOrWaiting(plane, Promise.all(naming), naming.length, naming.length);
    pause.release();
    expect((await archiving).status).toBe(204);
    for (const answer of await Promise.all(naming))
      expect(refusal(answer)).toEqual([422, 'configuration_item_archived']);
  });

  it('of one type from an item have the same min_up, even if two are created at once', async () => {
    const [lb, one, two, three] = [await item(), await item(), await item(), await item()];
    const member = (to: string, min_up?: number) => relate(lb, to, { type: 'member_of', min_up });
    const answers = await Promise.all([member(one, 1), member(two, 2)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
    expect(answers.find(({ status }) => status === 422)?.body.code).toBe('min_up_mismatch');
    expect(refusal(await member(three))).toEqual([422, 'min_up_mismatch']);
    await relate(lb, three, { type: 'depends_on' }).expect(201);
  });

  it('are created once if the request is repeated with its key', async () => {
    const [web, db] = [await item(), await item()];
    const once = { ...admin, headers: { 'idempotency-key': 'relate' } };
    const body = { from_id: web, to_id: db, type: 'depends_on' };
    const ask = () => plane.post('/api/cmdb/relationships', body, once).expect(201);
    const [first, second] = [await ask(), await ask()];
    expect(second.body).toEqual(first.body);
  });

  it.each([
    ['an unknown type', { type: 'likes' }],
    ['min_up 0', { min_up: 0 }],
    ['min_up 1.5', { min_up: 1.5 }],
    ['min_up null', { min_up: null }],
    ['no target', { to_id: undefined }],
    ['a target that is not an id', { to_id: 'db-1' }],
  ])('cannot have %s', async (_, fields) => {
    const [web, db] = [await item(), await item()];
    await relate(web, db, fields).expect(400);
  });

  describe('show the impact of an item', () => {
    it('on those that need it, with cycles, redundancy and a limit on the depth', async () => {
      const [db, one, two, lb, shop] = [
        await item('db'),
        await item('web-1'),
        await item('web-2'),
        await item('lb'),
        await item('shop'),
      ];
      await relate(one, db).expect(201);
      for (const web of [one, two]) await relate(lb, web, { type: 'member_of', min_up: 1 }).expect(201);
      await relate(shop, lb).expect(201);
      await relate(db, shop, { type: 'part_of' }).expect(201);
      const whole = await impact(db);
      expect(whole.root).toMatchObject({ id: db, name: 'db' });
      expect(states(whole)).toEqual([
        ['web-1', 1, 'down'],
        ['lb', 2, 'degraded'],
        ['shop', 3, 'degraded'],
      ]);
      expect(whole.truncated).toBe(false);
      expect(whole.relationships.map(({ from_id, to_id }) => [from_id, to_id]).sort()).toEqual(
        [
          [one, db],
          [lb, one],
          [shop, lb],
          [db, shop],
        ].sort(),
      );
      const near = await impact(db, '?depth=1');
      expect([states(near), near.truncated]).toEqual([[['web-1', 1, 'down']], true]);
      expect(states(await impact(shop, '?direction=dependencies'))).toEqual([
        ['lb', 1, 'down'],
        ['web-1', 2, 'degraded'],
        ['web-2', 2, 'degraded'],
        ['db', 3, 'degraded'],
      ]);
    });

    it('without archived items, which also no longer count as redundant', async () => {
      const [db, one, two, lb] = [
        await item('db'),
        await item('web-1'),
        await item('web-2'),
        await item('lb'),
      ];
      await relate(one, db).expect(201);
      for (const web of [one, two]) await relate(lb, web, { type: 'member_of', min_up: 1 }).expect(201);
      await plane.delete(`/api/cmdb/items/${two}`, admin).expect(204);
      expect(states(await impact(db))).toEqual([
        ['web-1', 1, 'down'],
        ['lb', 2, 'down'],
      ]);
    });

    it('up to a limit, and say so', async () => {
      const db = await item('db');
      for (const name of ['a', 'b', 'c']) await relate(await item(name), db).expect(201);
      for (const [limit, value, shown] of [
        ['items', 2, 2],
        ['relationships', 3, 2],
        ['relationships', 4, 3],
        ['items', 3, 3],
      ] as const) {
        const limited = jest.replaceProperty(IMPACT_LIMITS, limit, value);
        const { items, truncated } = await impact(db);
        limited.restore();
        expect([limit, items.length, truncated]).toEqual([limit, shown, shown < 3]);
      }
    });

    it('with 100,000 relationships, with two statements and without holding up others', async () => {
      const [db, count] = [await item('db'), 100_000 / RELATIONSHIP_TYPES.length];
      await insertMany(plane, tenant.tenant_id, {
        count,
        into: 'configuration_items (tenant_id, id, name, type, attributes, created_at, status)',
        select: `$1, ${idOf(plane, 'n')}, 'web', 'server', '{}', '2026-01-05 08:00:00.000', 'production'`,
      });
      for (const [index, type] of RELATIONSHIP_TYPES.entries())
        await insertMany(plane, tenant.tenant_id, {
          count,
          into: 'ci_relationships (tenant_id, id, from_id, to_id, type, created_at)',
          select: `$1, ${idOf(plane, `n + ${index * count}`)}, ${idOf(plane, 'n')}, '${db}', '${type}',
            '2026-01-05 08:00:00.000'`,
        });
      const asked = jest.spyOn(EntityManager.prototype, 'query');
      const shown = impact(db);
      const others = Promise.all(Array.from({ length: 5 }, () => item()));
      const { items, relationships, truncated } = await shown;
      const recursive = asked.mock.calls.filter(([sql]) => sql.includes('with recursive'));
      asked.mockRestore();
      await others;
      expect([items.length, truncated, recursive.length]).toEqual([expect.any(Number), true, 2]);
      expect(items.length).toBeGreaterThan(9000);
      expect(relationships.length).toBeLessThanOrEqual(IMPACT_LIMITS.relationships);
      const { body } = await plane.get(`/api/cmdb/relationships?item_id=${db}&limit=50`, admin).expect(200);
      expect(body.items).toHaveLength(50);
    });

    it('that nothing needs', async () => {
      const lonely = await item();
      expect(await impact(lonely)).toMatchObject({ items: [], relationships: [], truncated: false });
    });

    it.each(['depth=0', 'depth=21', 'depth=x', 'direction=up'])(
      'only with valid parameters, not %s',
      async (query) => {
        await plane.get(`/api/cmdb/items/${await item()}/impact?${query}`, admin).expect(400);
      },
    );

    it('only if the item exists', async () => {
      await plane.get(`/api/cmdb/items/${randomUUID()}/impact`, admin).expect(404);
    });
  });
});
