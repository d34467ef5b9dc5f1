import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { ConfigurationItem } from '../../src/cmdb/configuration-item.entity';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

interface Page {
  readonly items: { readonly id: string; readonly name: string }[];
  readonly next_cursor: string | null;
}

describe.each(EVERY_DATABASE)('configuration items on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
  });

  const create = (changes: object = {}) =>
    plane.post('/api/cmdb/items', { name: 'web-1', type: 'server', ...changes }, admin);
  const list = async (query = ''): Promise<Page> =>
    (await plane.get(`/api/cmdb/items${query}`, admin).expect(200)).body;

  it('are stored as sent, including nested attributes', async () => {
    const attributes = { cpu: { cores: 8, 'ünïcode "quoted"': [1, null, true] }, tags: [], price: 0.1 };
    const { body } = await create({ name: ' web-1 ', type: ' server ', attributes }).expect(201);
    expect(body).toEqual({
      id: expect.any(String),
      name: 'web-1',
      type: 'server',
      key: null,
      status: 'production',
      criticality: 'medium',
      attributes,
      source: 'manual',
      created_at: clock.now().toISOString(),
      updated_at: clock.now().toISOString(),
      archived_at: null,
    });
    expect((await plane.get(`/api/cmdb/items/${body.id}`, admin).expect(200)).body).toEqual(body);
    expect((await list()).items).toEqual([body]);
    expect(await plane.audit(tenant, 'configuration_item.created')).toEqual([
      expect.objectContaining({
        actorId: admin.id,
        targetKind: 'configuration_item',
        targetId: body.id,
        after: { name: 'web-1', type: 'server' },
      }),
    ]);
  });

  describe('when changed', () => {
    it('keep the fields that the change omits, and are audited with their old and new values', async () => {
      const { body: item } = await create({ key: 'i-1', attributes: { rack: 4 } }).expect(201);
      clock.advance(60);
      const fields = { name: 'web-2', key: 'i-2', status: 'stock', criticality: 'high' };
      const { body } = await plane.patch(`/api/cmdb/items/${item.id}`, fields, admin).expect(200);
      expect(body).toEqual({ ...item, ...fields, updated_at: clock.now().toISOString() });
      expect((await plane.get(`/api/cmdb/items/${item.id}`, admin)).body).toEqual(body);
      expect(await plane.audit(tenant, 'configuration_item.updated')).toMatchObject([
        { targetId: item.id, before: { name: 'web-1', key: 'i-1' }, after: { name: 'web-2', key: 'i-2' } },
      ]);
    });

    it('are neither written nor audited if the change changes nothing', async () => {
      const { body: item } = await create({ attributes: { rack: 4, a: 1 } }).expect(201);
      clock.advance(60);
      for (const fields of [{}, { name: ' web-1 ', attributes: { a: 1, rack: 4 } }])
        expect((await plane.patch(`/api/cmdb/items/${item.id}`, fields, admin).expect(200)).body).toEqual(
          item,
        );
      expect(await plane.audit(tenant, 'configuration_item.updated')).toEqual([]);
    });

    it('lose their key if it is set to null', async () => {
      const { body: item } = await create({ key: 'i-1' }).expect(201);
      await plane.patch(`/api/cmdb/items/${item.id}`, { key: null }, admin).expect(200);
      await create({ key: 'i-1' }).expect(201);
    });
  });

  it('have a key that is unique among the items of their type that are not archived', async () => {
    const answers = await Promise.all([create({ key: 'i-1' }), create({ key: 'i-1' })]);
    expect(answers.map(({ status, body }) => [status, body.code]).sort()).toEqual([
      [201, undefined],
      [409, 'key_exists'],
    ]);
    await create({ key: 'i-1', type: 'disk' }).expect(201);
    const other = await create({ key: 'i-2' }).expect(201);
    const path = `/api/cmdb/items/${other.body.id}`;
    expect((await plane.patch(path, { key: 'i-1' }, admin).expect(409)).body.code).toBe('key_exists');
    const { id } = answers.find(({ status }) => status === 201)?.body ?? {};
    await plane.delete(`/api/cmdb/items/${id}`, admin).expect(204);
    await plane.patch(path, { key: 'i-1' }, admin).expect(200);
    expect((await list('?key=i-1&type=server')).items).toMatchObject([{ id: other.body.id }]);
  });

  it('are kept when archived, but no longer listed, changed or linked', async () => {
    const { body: item } = await create().expect(201);
    for (let times = 0; times < 2; times += 1)
      await plane.delete(`/api/cmdb/items/${item.id}`, admin).expect(204);
    const archived = { ...item, archived_at: clock.now().toISOString() };
    expect((await plane.get(`/api/cmdb/items/${item.id}`, admin).expect(200)).body).toEqual(archived);
    expect((await list()).items).toEqual([]);
    expect((await list('?archived=true')).items).toEqual([archived]);
    const change = await plane.patch(`/api/cmdb/items/${item.id}`, { name: 'x' }, admin);
    expect([change.status, change.body.code]).toEqual([409, 'configuration_item_archived']);
    const linked = { title: 'x', severity: 'P1', ci_ids: [item.id] };
    const incident = await plane.post('/api/incidents', linked, admin);
    expect([incident.status, incident.body.code]).toEqual([422, 'configuration_item_archived']);
    expect(await plane.audit(tenant, 'configuration_item.archived')).toHaveLength(1);
    await plane.delete(`/api/cmdb/items/${randomUUID()}`, admin).expect(404);
  });

  it('can be filtered by status, criticality and key', async () => {
    const { body: item } = await create({ status: 'stock', criticality: 'high', key: 'i-1' }).expect(201);
    await create({ status: 'stock', criticality: 'low' }).expect(201);
    expect((await list('?status=stock&criticality=high&key=i-1')).items).toEqual([item]);
  });

  it.each(['WEB', 'b-Ü', 'key-7'])('can be found by a part of their name or key: %s', async (q) => {
    const { body: item } = await create({ name: 'web-ü', key: 'Key-77' }).expect(201);
    await create({ name: 'db-u', key: 'Key-1' }).expect(201);
    expect((await list(`?q=${encodeURIComponent(q)}`)).items).toEqual([item]);
    expect((await list(`?type=disk&q=${encodeURIComponent(q)}`)).items).toEqual([]);
    expect((await list('?q=.')).items).toEqual([]);
  });

  it('can be found by their ids, even if archived, but not by those of other tenants', async () => {
    const [live, archived] = [(await create()).body, (await create()).body];
    await create().expect(201);
    await plane.delete(`/api/cmdb/items/${archived.id}`, admin).expect(204);
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    const query = [live.id.toUpperCase(), archived.id, randomUUID()].map((id) => `ids=${id}`).join('&');
    const found = async (filter: string, by = admin) =>
      (await plane.get(`/api/cmdb/items?${filter}`, by).expect(200)).body.items.map(
        ({ id }: { id: string }) => id,
      );
    expect(await found(query)).toEqual([archived.id, live.id]);
    expect(await found(`${query}&archived=false`)).toEqual([live.id]);
    expect(await found(`${query}&archived=true`)).toEqual([archived.id]);
    expect(await found(query, stranger)).toEqual([]);
  });

  it('have no attributes if none are given', async () => {
    expect((await create().expect(201)).body.attributes).toEqual({});
  });

  it('are listed in pages, newest first and each once, and can be filtered by type', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await create({ name, type: name < 'c' ? 'disk' : 'server' });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect((await list('?type=disk')).items.map(({ name }) => name)).toEqual(['b', 'a']);
    expect((await list('?type=disk&limit=1')).next_cursor).not.toBeNull();
    expect((await list('?type=cable')).items).toEqual([]);
  });

  it.each([
    ['no name', { name: undefined }, 'name'],
    ['a blank name', { name: ' ' }, 'name'],
    ['a name of 201 characters', { name: 'x'.repeat(201) }, 'name'],
    ['no type', { type: undefined }, 'type'],
    ['a type of 61 characters', { type: 'x'.repeat(61) }, 'type'],
    ['a list as attributes', { attributes: [1] }, 'attributes'],
    ['a string as attributes', { attributes: 'none' }, 'attributes'],
    ['an id chosen by the caller', { id: randomUUID() }, 'id'],
  ])('are refused with %s', async (_, changes, field) => {
    const { body } = await create(changes).expect(400);
    expect(body.code).toBe('validation_failed');
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
    expect(await plane.rows(tenant, ConfigurationItem)).toEqual([]);
  });

  it.each([
    ['more attributes', Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`a${n}`, n])), /101.*100/],
    ['a longer name', { ['k'.repeat(101)]: 1 }, /k{100}….*at most 100/],
    ['a longer nested name', { disk: [{ ['k'.repeat(101)]: 1 }] }, /k{100}….*at most 100/],
    ['a longer string', { disk: { note: 'x'.repeat(4001) } }, /disk\.note.*4001.*at most 4000/],
    [
      'more bytes in all',
      Object.fromEntries(Array.from({ length: 9 }, (_, n) => [n, 'ü'.repeat(2000)])),
      /bytes/,
    ],
  ])('cannot have %s than allowed', async (_, attributes, problem) => {
    const { body } = await create({ attributes }).expect(422);
    expect(body).toMatchObject({ code: 'attributes_too_large', detail: expect.stringMatching(problem) });
    expect(await plane.rows(tenant, ConfigurationItem)).toEqual([]);
  });

  it('can have the maximum number and length of attributes', async () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`${n}`.padStart(100, 'k'), n]),
    );
    const full = { ...attributes, ['k'.repeat(98) + '99']: 'x'.repeat(4000) };
    expect((await create({ attributes: full }).expect(201)).body.attributes).toEqual(full);
  });

  it.each(['limit=0', 'limit=201', 'cursor=1', 'type=', 'q=', 'ids=', 'ids=web-1', 'name=web-1'])(
    'cannot be listed with ?%s',
    async (query) => {
      expect((await plane.get(`/api/cmdb/items?${query}`, admin).expect(400)).body.code).toBe(
        'validation_failed',
      );
    },
  );

  it('of another tenant are not found', async () => {
    const { body } = await create().expect(201);
    const { admin: other } = await plane.tenantWithAdmin(`stranger-${count}`);
    for (const id of [body.id, randomUUID()]) {
      const answer = await plane.get(`/api/cmdb/items/${id}`, other).expect(404);
      expect(answer.body.code).toBe('configuration_item_not_found');
    }
    expect((await plane.get('/api/cmdb/items', other)).body.items).toEqual([]);
  });

  it('cannot be read with an invalid id', async () => {
    expect((await plane.get('/api/cmdb/items/web-1', admin).expect(400)).body.code).toBe('validation_failed');
  });
});
