import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { User } from '../../src/credentials/user.entity';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('the users of a tenant on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => void (plane = await TestTenantPlane.boot(driver)));
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
  });

  const change = (id: string, body: object, by: CallOptions = admin) =>
    plane.patch(`/api/users/${id}`, body, by);
  const ids = async (query: string): Promise<string[]> =>
    (await plane.get(`/api/users?${query}`, admin).expect(200)).body.items.map(
      ({ id }: { id: string }) => id,
    );
  const roleOf = async (id: string): Promise<string> =>
    (await plane.get(`/api/users/${id}`, admin)).body.role;

  it('are listed in pages, can be filtered, and do not include users of other tenants', async () => {
    await plane.tenantWithAdmin(`other-${count}`);
    const operator = await plane.user(tenant, 'operator', { email: 'ann@example.com' });
    const gone = await plane.user(tenant, 'operator', { deactivatedAt: plane.now });
    const body = { email: 'new@example.com', role: 'requester', name: 'New' };
    const { id: invited } = (await plane.post('/api/auth/invite', body, admin).expect(201)).body.user;

    expect(await ids('')).toEqual([invited, gone.id, operator.id, admin.id]);
    expect(await ids('role=operator')).toEqual([gone.id, operator.id]);
    expect(await ids('status=active')).toEqual([operator.id, admin.id]);
    expect(await ids('status=deactivated')).toEqual([gone.id]);
    expect(await ids('status=invited&role=requester')).toEqual([invited]);
    expect(await ids('email=ANN@example.com')).toEqual([operator.id]);
    const first = await plane.get('/api/users?limit=3', admin).expect(200);
    expect(await ids(`cursor=${first.body.next_cursor}`)).toEqual([admin.id]);
    expect((await plane.get(`/api/users/${invited}`, admin).expect(200)).body).toEqual({
      id: invited,
      email: 'new@example.com',
      name: 'New',
      role: 'requester',
      status: 'invited',
      created_at: plane.now.toISOString(),
    });
  });

  it('are unknown to other tenants', async () => {
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    for (const id of [admin.id, randomUUID()]) {
      const answers = [
        await plane.get(`/api/users/${id}`, stranger),
        await plane.patch(`/api/users/${id}`, { role: 'admin' }, stranger),
      ];
      for (const { status, body } of answers) expect([status, body.code]).toEqual([404, 'user_not_found']);
    }
  });

  it('can be given another name and role, which apply from the next request on and are audited', async () => {
    const { id, session } = await plane.user(tenant, 'requester');
    await plane.get('/api/cmdb/items', { session }).expect(403);
    const { body } = await change(id, { role: 'operator', name: 'Ann' }).expect(200);
    expect(body).toMatchObject({ id, role: 'operator', name: 'Ann', status: 'active' });
    await plane.get('/api/cmdb/items', { session }).expect(200);
    const [event] = await plane.audit(tenant, 'user.changed');
    expect(event).toMatchObject({
      actorId: admin.id,
      targetId: id,
      before: { name: 'requester', role: 'requester', status: 'active' },
      after: { name: 'Ann', role: 'operator', status: 'active' },
    });
  });

  it('have no audit entry written for a request that changes nothing', async () => {
    const { id } = await plane.user(tenant, 'operator', { name: 'Ann' });
    for (const changes of [{}, { role: 'operator', name: 'Ann', deactivated: false }])
      expect((await change(id, changes).expect(200)).body).toMatchObject({ id, name: 'Ann' });
    expect(await plane.audit(tenant, 'user.changed')).toEqual([]);
  });

  it('lose all sessions when deactivated, and do not regain them when reactivated', async () => {
    const { id, session } = await plane.user(tenant, 'operator');
    expect((await change(id, { deactivated: true }).expect(200)).body.status).toBe('deactivated');
    await plane.get('/api/auth/me', { session }).expect(401);
    expect((await change(id, { deactivated: false }).expect(200)).body.status).toBe('active');
    await plane.get('/api/auth/me', { session }).expect(401);
  });

  it('cannot change their own role', async () => {
    await plane.user(tenant, 'admin');
    expect((await change(admin.id, { role: 'operator' }).expect(409)).body.code).toBe('own_role');
    await change(admin.id, { role: 'admin', name: 'Me' }).expect(200);
    expect(await roleOf(admin.id)).toBe('admin');
  });

  it('always include an active admin besides invited and deactivated ones', async () => {
    await plane.user(tenant, 'admin', { deactivatedAt: plane.now });
    await plane.post('/api/auth/invite', { email: 'a@example.com', role: 'admin' }, admin).expect(201);
    expect((await change(admin.id, { deactivated: true }).expect(409)).body.code).toBe('last_admin');
    const second = await plane.user(tenant, 'admin');
    await change(admin.id, { deactivated: true }, second).expect(200);
    expect((await change(second.id, { deactivated: true }, second).expect(409)).body.code).toBe('last_admin');
  });

  it("still include one active admin after two admins revoke each other's rights at once", async () => {
    const second = await plane.user(tenant, 'admin');
    const answers = await Promise.all([
      change(second.id, { role: 'operator' }, admin),
      change(admin.id, { deactivated: true }, second),
    ]);
    const codes = answers.map(({ status }) => status);
    // The status of the refused request varies: the other request may have revoked the sender's session, or
    // only the sender's right to make the change.
    expect(codes.filter((code) => code === 200)).toHaveLength(1);
    const active = (await plane.rows(tenant, User)).filter(
      ({ role, deactivatedAt }) => role === 'admin' && !deactivatedAt,
    );
    expect(active).toHaveLength(1);
  });

  it.each([
    { role: 'owner' },
    { role: null },
    { name: '' },
    { deactivated: 'yes' },
    { email: 'x@example.com' },
  ])('cannot be changed with %j', async (body) => {
    const { id } = await plane.user(tenant, 'operator');
    expect((await change(id, body).expect(400)).body.code).toBe('validation_failed');
  });
});
