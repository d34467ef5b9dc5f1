import { type DesiredTenant } from '@atlas/plane-contract';
import { hashPassword } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { PASSWORD, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

const MINUTE = 60;

describe.each(EVERY_DATABASE)('password guesses on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let passwordHash: string;
  let host: string;
  let count = 0;
  const email = 'ann@example.com';

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock, env: { TRUSTED_PROXIES: '127.0.0.1' } });
    passwordHash = await hashPassword(PASSWORD);
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    clock.advance(60 * MINUTE);
    const slug = `tenant-${(count += 1)}`;
    tenant = await plane.tenant(slug);
    host = hostOf(slug);
    await plane.user(tenant, 'operator', { email, passwordHash });
  });

  const login = (body: object = {}, from = '192.0.2.1', headers: Record<string, string> = {}) =>
    plane.post(
      '/api/auth/token',
      { email, password: PASSWORD, ...body },
      { host, headers: { 'x-forwarded-for': from, ...headers } },
    );
  const guesses = async (n: number, body: object = {}): Promise<Record<number, number>> => {
    const statuses: Record<number, number> = {};
    for (let i = 0; i < n; i += 1) {
      const { status } = await login({ password: `guess ${i}`, ...body }, `198.51.100.${i}`);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    return statuses;
  };
  const checks = async (): Promise<number> =>
    Number(/^atlas_password_checks_total (\d+)/m.exec((await plane.get('/metrics')).text)?.[1]);

  it('are limited to ten in 15 minutes, whether or not the account exists', async () => {
    const before = await checks();
    expect(await guesses(15)).toEqual({ 401: 10, 429: 5 });
    expect(await checks()).toBe(before + 10);
    const none = { email: 'nobody@example.com' };
    expect(await guesses(15, none)).toEqual({ 401: 10, 429: 5 });
    const [known, unknown] = [await login(), await login(none)].map(({ status, headers, body }) => ({
      status,
      wait: headers['retry-after'],
      problem: { ...body, trace_id: undefined },
    }));
    expect(known).toMatchObject({ status: 429, wait: '900', problem: { code: 'too_many_attempts' } });
    expect(unknown).toEqual(known);
    clock.advance(15 * MINUTE);
    await login().expect(200);
  });

  it('do not lock out a known device, whether it sends its token in a field or a cookie', async () => {
    const { device_token } = (await login().expect(200)).body;
    const set = (await login({ cookie: true }).expect(200)).headers['set-cookie'] as unknown as string[];
    const cookie = set.find((one) => one.startsWith('atlas_device='))?.split(';')[0] ?? '';
    await guesses(12);
    await login().expect(429);
    expect((await login({ device_token }).expect(200)).body.device_token).toBe(device_token);
    await login({}, '192.0.2.1', { cookie }).expect(200);
    // The device is known only for Ann's account. For another account, it may guess no more often than any
    // other device.
    await plane.user(tenant, 'operator', { email: 'bob@example.com', passwordHash });
    await guesses(12, { email: 'bob@example.com' });
    await login({ email: 'bob@example.com', device_token }).expect(429);
    for (let i = 0; i < 10; i += 1) await login({ password: `guess ${i}`, device_token }).expect(401);
    await login({ device_token }).expect(429);
    await login({}, '192.0.2.1', { cookie }).expect(200);
  });

  it('also lock out devices whose tokens are forged or have not been used for six months', async () => {
    const forged = `atd_${tenant.tenant_id}_${'A'.repeat(43)}`;
    await guesses(12);
    await login({ device_token: forged }).expect(429);
    clock.advance(181 * 24 * 60 * MINUTE);
    const { device_token } = (await login().expect(200)).body;
    clock.advance(180 * 24 * 60 * MINUTE);
    await guesses(12);
    await login({ device_token }).expect(429);
  });

  it('are also counted per client address across all accounts, but successful sign-ins are not', async () => {
    for (let i = 0; i < 20; i += 1) await login({}, '203.0.113.9').expect(200);
    for (let i = 0; i < 100; i += 1)
      await login({ email: `user-${i}@example.com` }, '203.0.113.9').expect(401);
    expect((await login({}, '203.0.113.9').expect(429)).body.code).toBe('too_many_attempts');
    // The proxy adds the last address. The first one, which the client itself sent, is ignored.
    await login({}, '192.0.2.7, 203.0.113.9').expect(429);
    await login({}, '203.0.113.10').expect(200);
  }, 60_000);
});

describe('a client that claims another address', () => {
  it('is not believed if no proxy is trusted', async () => {
    const plane = await TestTenantPlane.boot('sqlite');
    const tenant = await plane.tenant('acme');
    await plane.user(tenant, 'admin', {
      email: 'ann@example.com',
      passwordHash: await hashPassword(PASSWORD),
    });
    const headers = { 'x-forwarded-for': '192.0.2.66' };
    const body = { email: 'ann@example.com', password: PASSWORD };
    await plane.post('/api/auth/token', body, { tenant: 'acme', headers }).expect(200);
    expect((await plane.audit(tenant, 'user.signed_in')).map(({ ip }) => ip)).toEqual(['127.0.0.1']);
    await plane.close();
  });
});
