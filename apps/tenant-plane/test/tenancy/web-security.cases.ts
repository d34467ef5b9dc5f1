import { randomBytes } from 'node:crypto';
import { EVERY_DATABASE } from '@atlas/testing';
import { type CallOptions, TestTenantPlane, hostOf } from '../tenant-plane.fixture';

const APP = 'https://app.example.com';
const PRODUCTION = { NODE_ENV: 'production', METRICS_TOKEN: randomBytes(16).toString('hex') };

const PAGES = ['/', '/docs', '/signup'];
/**
 * Paths that together produce every kind of response: API data, pages and their assets, the API description,
 * a rejected request, a 404 and a health check.
 */
const PATHS = [
  '/api/auth/me',
  '/',
  '/docs',
  '/signup',
  '/assets/page.js',
  '/openapi.json',
  '/api/incidents?x=1',
  '/api/nothing',
  '/health/live',
];

describe('every response of a tenant plane', () => {
  let plane: TestTenantPlane;
  let admin: CallOptions;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot('sqlite');
    ({ admin } = await plane.tenantWithAdmin('acme'));
  });
  afterAll(() => plane.close());

  it.each(PATHS)('at %s forbids sniffing, framing, referrers and caching', async (path) => {
    const { headers } = await plane.get(path, admin);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    if (path !== '/docs') expect(headers['cache-control']).toContain('no-store');
  });

  it.each(PATHS.filter((path) => !PAGES.includes(path)))(
    'at %s may load nothing, because it is not a page',
    async (path) => {
      const { headers } = await plane.get(path, admin);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      );
    },
  );

  it('states its content type and charset', async () => {
    const page = { ...admin, headers: { accept: 'text/html' } };
    for (const [path, options, type] of [
      ['/api/auth/me', admin, 'application/json; charset=utf-8'],
      ['/api/nothing', admin, 'application/problem+json; charset=utf-8'],
      ['/', page, 'text/html; charset=utf-8'],
      ['/api/nothing', page, 'text/html; charset=utf-8'],
      ['/metrics', admin, expect.stringMatching(/^text\/plain;.* charset=utf-8$/)],
    ] as const)
      expect([path, (await plane.get(path, options)).headers['content-type']]).toEqual([path, type]);
  });

  it('has no HSTS header in development', async () => {
    expect((await plane.get('/', admin)).headers).not.toHaveProperty('strict-transport-security');
  });

  it('is not readable by pages from another origin', async () => {
    const asked = { origin: APP, 'access-control-request-method': 'POST' };
    const answers = [
      await plane.options('/api/incidents', { ...admin, headers: asked }),
      await plane.get('/api/incidents', { ...admin, headers: { origin: APP } }),
    ];
    for (const { headers } of answers)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('a tenant plane in production', () => {
  it('tells browsers to use only https', async () => {
    const plane = await TestTenantPlane.boot('postgres', { env: PRODUCTION });
    const { headers } = await plane.get('/health/live');
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    await plane.close();
  });
});

describe.each(EVERY_DATABASE)('a tenant plane that allows another origin, on %s', (driver) => {
  let plane: TestTenantPlane;
  let admin: CallOptions;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, {
      env: { CORS_ALLOWED_ORIGINS: `${APP}, https://b.example.com` },
    });
    ({ admin } = await plane.tenantWithAdmin('acme'));
  });
  afterAll(() => plane.close());

  const preflight = (origin: string) =>
    plane.options('/api/incidents', {
      host: hostOf('acme'),
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });

  it("lets that origin's pages call the API with a token, but without cookies", async () => {
    const { status, headers } = await preflight(APP);
    expect([status, headers['access-control-allow-origin']]).toEqual([204, APP]);
    expect(headers['access-control-allow-headers']).toBe('authorization,content-type');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    const body = { title: 'Disk is full', severity: 'P2' };
    const answer = await plane.post('/api/incidents', body, {
      ...admin,
      headers: { origin: APP, 'sec-fetch-site': 'cross-site' },
    });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([201, APP]);
  });

  it("lets that origin's pages read error responses", async () => {
    const { status, headers } = await plane.get('/api/incidents', {
      host: hostOf('acme'),
      headers: { origin: APP },
    });
    expect([status, headers['access-control-allow-origin']]).toEqual([401, APP]);
  });

  it.each(['https://evil.example.com', 'http://app.example.com', `${APP}.evil.example.com`, 'null'])(
    'does not allow pages from the origin %s',
    async (origin) => {
      expect((await preflight(origin)).headers).not.toHaveProperty('access-control-allow-origin');
    },
  );
});
