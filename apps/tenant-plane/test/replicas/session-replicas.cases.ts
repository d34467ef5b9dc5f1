import { Throttle } from '@atlas/persistence';
import { Clock, hashPassword } from '@atlas/platform';
import { FixedClock } from '@atlas/testing';
import { PASSWORD, TestTenantPlane } from '../tenant-plane.fixture';

describe('sessions and sign-ins on two replicas with Postgres', () => {
  let first: TestTenantPlane;
  let second: TestTenantPlane;

  beforeAll(async () => {
    first = await TestTenantPlane.boot('postgres');
    second = await TestTenantPlane.open(first.database);
  });
  afterAll(async () => {
    await second.app.close();
    await first.close();
  });

  it('stop working on both replicas from the next request on, however they are revoked', async () => {
    const { tenant, admin } = await first.tenantWithAdmin('acme');
    const body = { email: 'ann@example.com', password: PASSWORD };
    const { id } = await first.user(tenant, 'operator', {
      email: body.email,
      passwordHash: await hashPassword(PASSWORD),
    });
    const signIn = async () =>
      (await first.post('/api/auth/token', body, { tenant: 'acme' }).expect(200)).body;
    const isOpen = async (session: string): Promise<boolean> =>
      (await second.get('/api/auth/me', { session })).status === 200;

    const ways: Record<string, (mine: { token: string; refresh_token: string }) => Promise<unknown>> = {
      logout: async ({ token }) => first.post('/api/auth/logout', undefined, { session: token }).expect(204),
      'a new password': async () => {
        const change = { current_password: PASSWORD, new_password: `${PASSWORD}, again` };
        await first.post('/api/auth/password', change, { session: (await signIn()).token }).expect(204);
        body.password = change.new_password;
      },
      'a refresh token used twice': async ({ refresh_token }) => {
        const renew = () => first.post('/api/auth/refresh', { refresh_token }, { tenant: 'acme' });
        await renew().expect(200);
        await renew().expect(401);
      },
      deactivation: async () => first.patch(`/api/users/${id}`, { deactivated: true }, admin).expect(200),
    };
    for (const [way, end] of Object.entries(ways)) {
      const session = await signIn();
      expect([way, await isOpen(session.token)]).toEqual([way, true]);
      await end(session);
      expect([way, await isOpen(session.token)]).toEqual([way, false]);
    }
  });

  it('cannot write once their tenant is suspended, even on a replica with a stale cache', async () => {
    const { tenant, admin } = await first.tenantWithAdmin('initech');
    const report = () => second.post('/api/incidents', { title: 'Disk is full', severity: 'P2' }, admin);
    await report().expect(201);
    const suspended = { ...tenant, status: 'suspended', entry_revision: tenant.entry_revision + 1 } as const;
    await first.apply({ tenants: [suspended] });
    await second.get('/api/auth/me', admin).expect(200);
    const { body } = await report().expect(403);
    expect(body.code).toBe('tenant_suspended');
  });

  it('share one limit on password guesses', async () => {
    await first.tenant('globex');
    await second.get('/api/tenant-default', { tenant: 'globex' });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 ? first : second).post(
          '/api/auth/token',
          { email: 'ann@example.com', password: `guess ${n}` },
          { tenant: 'globex' },
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  it('share one limit on password guesses, even if the clock of one replica is far ahead', async () => {
    await first.tenant('umbrella');
    const clock = new FixedClock(new Date(first.now.getTime() + 16 * 60_000));
    const ahead = await TestTenantPlane.open(first.database, { clock, databaseClock: first.app.get(Clock) });
    try {
      const statuses: number[] = [];
      for (let n = 0; n < 30; n += 1) {
        await ahead.app.get(Throttle).sweep();
        const body = { email: 'ann@example.com', password: `guess ${n}` };
        const answer = await (n % 2 ? first : ahead).post('/api/auth/token', body, { tenant: 'umbrella' });
        statuses.push(answer.status);
      }
      expect(statuses.filter((status) => status === 401)).toHaveLength(10);
      expect(statuses.filter((status) => status === 429)).toHaveLength(20);
    } finally {
      await ahead.app.close();
    }
  });
});
