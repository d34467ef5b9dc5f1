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
      attributes,
      created_at: clock.now().toISOString(),
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

  it.each(['limit=0', 'limit=201', 'cursor=1', 'type=', 'name=web-1'])(
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
