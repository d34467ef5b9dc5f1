import { randomBytes } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { hashPassword } from '@atlas/platform';
import { EVERY_DATABASE } from '@atlas/testing';
import { Sessions } from '../../src/credentials/sessions';
import { UserTokens } from '../../src/credentials/user-tokens';
import { PASSWORD, TestTenantPlane, hostOf, tokenIn } from '../tenant-plane.fixture';

const INCIDENT = { title: 'Disk is full', severity: 'P2' };
const email = 'ann@example.com';
const host = hostOf('acme');
const origin = `https://${host}`;

async function signIn(plane: TestTenantPlane, changes: object = {}) {
  const body = { email, password: PASSWORD, cookie: true, ...changes };
  return plane.post('/api/auth/token', body, { host }).expect(200);
}

async function createUser(plane: TestTenantPlane): Promise<DesiredTenant> {
  const tenant = await plane.tenant('acme');
  await plane.user(tenant, 'operator', { email, passwordHash: await hashPassword(PASSWORD) });
  return tenant;
}

/** The cookie as a browser sends it back, with name and value only. */
function kept(setCookie: string | undefined): string {
  return setCookie?.split(';')[0] ?? '';
}

describe.each(EVERY_DATABASE)('a session cookie on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let cookie: string;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    tenant = await createUser(plane);
    cookie = kept((await signIn(plane)).headers['set-cookie']?.[0]);
  });
  afterAll(() => plane.close());

  const report = (headers: Record<string, string>) =>
    plane.post('/api/incidents', INCIDENT, { host, headers: { cookie, ...headers } });

  it('is set on request, and is not readable by scripts', async () => {
    const { body, headers, text } = await signIn(plane);
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^atlas_session=atu_[\w-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^atlas_device=atd_[\w-]+; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Lax$/),
    ]);
    expect(body).toEqual({ expires_at: expect.any(String), user: expect.objectContaining({ email }) });
    expect(text).not.toMatch(/at[urd]_/);
  });

  it('is not set unless it is requested', async () => {
    for (const asked of [undefined, false]) {
      const { body, headers } = await signIn(plane, { cookie: asked });
      expect(headers).not.toHaveProperty('set-cookie');
      expect(body).toMatchObject({ token: expect.any(String), refresh_token: expect.any(String) });
    }
  });

  it('is also set at sign-up', async () => {
    const other = await plane.tenant('globex');
    const body = { token: await plane.signupToken(other), password: PASSWORD, cookie: true };
    const answer = await plane
      .post('/api/auth/signup-exchange', body, { host: hostOf('globex') })
      .expect(201);
    const headers = { cookie: kept(answer.headers['set-cookie']?.[0]) };
    await plane.get('/api/auth/me', { host: hostOf('globex'), headers }).expect(200);
    await plane.get('/api/auth/me', { host, headers }).expect(404);
    expect(answer.body).not.toHaveProperty('token');
  });

  it.each(['yes', 1, null])('cannot be requested with the value %j', async (asked) => {
    const body = { email, password: PASSWORD, cookie: asked };
    await plane.post('/api/auth/token', body, { host }).expect(400);
  });

  it('is invalidated by signing out, in the browser and on the plane', async () => {
    const headers = { cookie: kept((await signIn(plane)).headers['set-cookie']?.[0]), origin };
    const answer = await plane.post('/api/auth/logout', undefined, { host, headers }).expect(204);
    expect(answer.headers['set-cookie']).toEqual([
      'atlas_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
    ]);
    await plane.get('/api/auth/me', { host, headers }).expect(401);
  });

  it('is invalidated when someone signs in again from the same browser', async () => {
    const body = { email, password: PASSWORD, cookie: true };
    const headers = { cookie: kept((await signIn(plane)).headers['set-cookie']?.[0]) };
    const statusOf = async (one: Record<string, string>) =>
      (await plane.get('/api/auth/me', { host, headers: one })).status;
    await plane.post('/api/auth/token', { ...body, password: 'a guess' }, { host, headers }).expect(401);
    expect(await statusOf(headers)).toBe(200);
    const answer = await plane.post('/api/auth/token', body, { host, headers }).expect(200);
    const anew = { cookie: kept(answer.headers['set-cookie']?.[0]) };
    expect([await statusOf(headers), await statusOf(anew), await statusOf({ cookie })]).toEqual([
      401, 200, 200,
    ]);
    const { session } = await plane.user(await plane.tenant('initech'), 'operator');
    const theirs = { cookie: `atlas_session=${session}` };
    await plane.post('/api/auth/token', body, { host, headers: theirs }).expect(200);
    await plane.get('/api/auth/me', { host: hostOf('initech'), session }).expect(200);
  });

  it.each<[string, () => Promise<[path: string, body: object]>]>([
    ['a password', async () => ['/api/auth/token', { email, password: PASSWORD }]],
    [
      'an invitation',
      async () => {
        const admin = { ...(await plane.user(tenant, 'admin')), host };
        const invitee = { email: 'eve@example.com', role: 'operator' };
        const { body } = await plane.post('/api/auth/invite', invitee, admin).expect(201);
        return ['/api/auth/signup-exchange', { token: tokenIn(body.url), password: PASSWORD }];
      },
    ],
    [
      'a reset link',
      async () => {
        const { id } = await plane.user(tenant, 'operator');
        const token = await plane.tenants.write(tenant.tenant_id, (scope) =>
          plane.app.get(UserTokens).mint(scope, id, 'reset'),
        );
        return ['/api/auth/reset-password', { token, password: 'another horse, another staple' }];
      },
    ],
  ])(
    'of the previous user is invalidated, or the sign-in with %s fails and can be repeated',
    async (_, prepare) => {
      const [path, body] = await prepare();
      const { session } = await plane.user(tenant, 'operator');
      const send = () => plane.post(path, body, { host, headers: { cookie: `atlas_session=${session}` } });
      const statusOfFormer = async () => (await plane.get('/api/auth/me', { host, session })).status;
      const signedIn = async () => (await plane.audit(tenant, 'user.signed_in')).length;
      const before = await signedIn();
      jest
        .spyOn(plane.app.get(Sessions), 'endFamily')
        .mockRejectedValueOnce(new Error('The rows are locked.'));
      expect((await send()).status).toBe(500);
      expect([await statusOfFormer(), await signedIn()]).toEqual([200, before]);
      expect((await send()).status).toBeLessThan(300);
      expect([await statusOfFormer(), await signedIn()]).toEqual([401, before + 1]);
    },
  );

  it.each([
    [{ 'sec-fetch-site': 'same-origin' }],
    [{ 'sec-fetch-site': 'none' }],
    [{ 'sec-fetch-site': 'same-origin', origin }],
    [{ origin }],
    [{ origin: `http://${host}` }],
  ])('allows writes from pages on its own host: %j', async (headers) => {
    await report(headers).expect(201);
  });

  it.each<[Record<string, string>]>([
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.com' }],
    [{ 'sec-fetch-site': 'same-site', origin: `https://${hostOf('evil')}` }],
    [{ 'sec-fetch-site': 'cross-site', origin }],
    [{ 'sec-fetch-site': '' }],
    [{ origin: 'https://evil.example.com' }],
    [{ origin: `https://${hostOf('evil')}` }],
    [{ origin: `https://${host}.evil.example.com` }],
    [{ origin: 'null' }],
    [{ referer: `https://${host}/` }],
    [{}],
  ])('does not allow writes from other hosts or unknown origins: %j', async (headers) => {
    const before = await plane.get('/api/incidents', { host, headers: { cookie } });
    for (const answer of [
      await report(headers),
      await plane.patch('/api/incidents/x', {}, { host, headers: { cookie, ...headers } }),
      await plane.put('/api/ai/settings', {}, { host, headers: { cookie, ...headers } }),
      await plane.post('/api/auth/logout', undefined, { host, headers: { cookie, ...headers } }),
    ])
      expect([answer.status, answer.body.code]).toEqual([403, 'csrf_refused']);
    expect((await plane.get('/api/incidents', { host, headers: { cookie } })).body).toEqual(before.body);
  });

  it('allows reads from any page, because browsers hide the response from other sites', async () => {
    await plane
      .get('/api/auth/me', { host, headers: { cookie, 'sec-fetch-site': 'cross-site' } })
      .expect(200);
  });

  it('does not affect requests with a bearer token', async () => {
    const { session } = await plane.user(tenant, 'operator');
    const headers = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.com' };
    await plane.post('/api/incidents', INCIDENT, { host, session, headers }).expect(201);
  });
});

describe('a session cookie in production', () => {
  let plane: TestTenantPlane;
  beforeAll(async () => {
    const env = { NODE_ENV: 'production', METRICS_TOKEN: randomBytes(16).toString('hex') };
    plane = await TestTenantPlane.boot('postgres', { env });
    await createUser(plane);
  });
  afterAll(() => plane.close());

  it('is limited to https and to the exact host that set it', async () => {
    const [set = ''] = (await signIn(plane)).headers['set-cookie'] as unknown as string[];
    expect(set).toMatch(
      /^__Host-atlas_session=atu_[\w-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/,
    );
    await plane.get('/api/auth/me', { host, headers: { cookie: kept(set) } }).expect(200);
  });

  it('is not accepted if another host in the domain could have set it', async () => {
    const { body } = await signIn(plane, { cookie: false });
    const headers = { cookie: `atlas_session=${body.token}` };
    await plane.get('/api/auth/me', { host, headers }).expect(401);
  });
});
