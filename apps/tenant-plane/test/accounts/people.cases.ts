import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('the people of a tenant on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let fulfiller: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => void (plane = await TestTenantPlane.boot(driver)));
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
    fulfiller = await plane.user(tenant, 'fulfiller', { name: 'Ann Ünal' });
  });

  const list = async (query = '', by: CallOptions = fulfiller) =>
    (await plane.get(`/api/people${query}`, by).expect(200)).body;
  const ids = async (query = '', by: CallOptions = fulfiller): Promise<string[]> =>
    (await list(query, by)).items.map(({ id }: { id: string }) => id);

  it('are listed for fulfillers with their names, but without their email addresses', async () => {
    await plane.tenantWithAdmin(`other-${count}`);
    const gone = await plane.user(tenant, 'operator', { name: 'Bob', deactivatedAt: plane.now });
    const body = { email: 'new@example.com', role: 'requester' };
    const invited = (await plane.post('/api/auth/invite', body, admin).expect(201)).body.user;

    expect(await list()).toEqual({
      items: [
        { id: invited.id, name: 'new', role: 'requester', active: false },
        { id: gone.id, name: 'Bob', role: 'operator', active: false },
        { id: fulfiller.id, name: 'Ann Ünal', role: 'fulfiller', active: true },
        { id: admin.id, name: 'admin', role: 'admin', active: true },
      ],
      next_cursor: null,
    });
  });

  it('are listed in pages', async () => {
    const { items, next_cursor: cursor } = await list('?limit=1');
    expect([items.length, cursor]).toEqual([1, fulfiller.id]);
    expect(await ids(`?limit=1&cursor=${cursor}`)).toEqual([admin.id]);
  });

  it('can be found by their ids, those of other tenants and unknown ids not', async () => {
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    const query = [admin.id.toUpperCase(), stranger.id, randomUUID()].map((id) => `ids=${id}`).join('&');
    expect(await ids(`?${query}`)).toEqual([admin.id]);
    expect(await ids(`?ids=${fulfiller.id}`)).toEqual([fulfiller.id]);
    expect(await ids(`?ids=${stranger.id}`, admin)).toEqual([]);
  });

  it('can be limited to those to whom incidents can be assigned', async () => {
    const operator = await plane.user(tenant, 'operator');
    const others = [
      await plane.user(tenant, 'requester'),
      await plane.user(tenant, 'fulfiller', { deactivatedAt: plane.now }),
      await plane.user(tenant, 'fulfiller', { invitedAt: plane.now }),
    ];
    const assignable = [operator.id, fulfiller.id, admin.id];
    expect(await ids('?assignable=true')).toEqual(assignable);
    expect(await ids('?assignable=false')).toHaveLength(6);
    const assign = (assignee_id: string) =>
      plane.post('/api/incidents', { title: 'Disk full', severity: 'P3', assignee_id }, admin);
    for (const id of assignable) await assign(id).expect(201);
    for (const { id } of others) await assign(id).expect(422);
  });

  it.each([
    'ids=me',
    'ids=',
    Array.from({ length: 101 }, () => `ids=${randomUUID()}`).join('&'),
    'q=ann',
    'assignable=yes',
    'role=admin',
  ])('cannot be requested with ?%.20s', async (query) => {
    expect((await plane.get(`/api/people?${query}`, fulfiller).expect(400)).body.code).toBe(
      'validation_failed',
    );
  });
});
