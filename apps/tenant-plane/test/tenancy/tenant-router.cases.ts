import { type TenantRoute } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock, eventually, sendRaw } from '@atlas/testing';
import { Link } from '../linked-plane.fixture';
import { type TestTenantPlane, hostOf } from '../tenant-plane.fixture';

const ELSEWHERE = 'https://acme.eu.example.com';

describe.each(EVERY_DATABASE)('the tenant router of a shared plane on %s', (driver) => {
  const clock = new FixedClock(new Date());
  let link: Link;
  let plane: TestTenantPlane;
  beforeAll(async () => {
    link = await Link.create(driver);
    plane = await link.startPlane({}, clock);
    await eventually(() => plane.identities.current.tenantPlaneId !== null, {
      what: 'the plane is enrolled',
    });
  });
  afterAll(() => link.close());
  beforeEach(() => {
    link.control.askedFor.length = 0;
    link.control.rebuffs.length = 0;
    clock.advance(60);
  });

  const lives = (slug: string, changes: Partial<TenantRoute> = {}): void => {
    link.control.routes.set(slug, {
      tenant_id: '0199e000-0000-7000-8000-000000000001',
      slug,
      endpoint_url: ELSEWHERE,
      tenant_plane_id: '0199e000-0000-7000-8000-000000000002',
      deployment_model: 'dedicated',
      ...changes,
    });
  };

  it('redirects requests for tenants on other planes, keeping method, path and query', async () => {
    lives('acme');
    const answer = await plane.post('/api/incidents?x=1', { title: 'x' }, { host: hostOf('acme') });
    expect(answer.status).toBe(307);
    expect(answer.headers['location']).toBe(`${ELSEWHERE}/api/incidents?x=1`);
  });

  const HTML = 'text/html,*/*;q=0.8';
  const LOCAL = 'http://127.0.0.1:4210';
  it.each([
    ['a browser to a local plane', HTML, LOCAL, 'http://acme.localhost:4210/incidents'],
    ['a program to a local plane', 'application/json', LOCAL, `${LOCAL}/incidents`],
    ['a browser to a plane elsewhere', HTML, ELSEWHERE, `${ELSEWHERE}/incidents`],
    ['no browser to where it already is', HTML, 'http://127.0.0.1:4200', undefined],
  ])('leads %s', async (_, accept, endpoint_url, expected) => {
    lives('acme', { endpoint_url });
    const answer = await plane.get('/incidents', { host: 'acme.localhost:4200' }).set('accept', accept);
    expect(answer.headers['location']).toBe(expected);
  });

  it('lets the plane report its own health under every host name', async () => {
    lives('acme');
    for (const path of ['/health/live', '/health/ready', '/api/health', '/metrics'])
      expect([path, (await plane.get(path, { host: hostOf('acme') })).status]).toEqual([path, 200]);
  });

  it('redirects only to the origin that the Control Plane gives, whatever the path contains', async () => {
    lives('acme', { endpoint_url: `${ELSEWHERE}/some/path?token=x` });
    const { headers } = await plane.get('//evil.example.com/', { host: hostOf('acme') });
    expect(new URL(headers['location'] ?? '').origin).toBe(ELSEWHERE);
  });

  it('does not redirect a request whose request line names a host', async () => {
    lives('acme');
    const head = `Host: ${hostOf('acme')}\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(plane.url, `GET http://.evil.example/ HTTP/1.1\r\n${head}`);
    expect([answer.status, answer.head.toLowerCase()]).toEqual([
      404,
      expect.not.stringContaining('location:'),
    ]);
  });

  it('caches look-ups for a while, including those of unknown names', async () => {
    for (const slug of ['acme-again', 'nobody-here']) {
      if (slug === 'acme-again') lives(slug);
      await Promise.all([1, 2, 3, 4].map(() => plane.get('/', { host: hostOf(slug) })));
      await plane.get('/', { host: hostOf(slug) });
    }
    expect(link.control.askedFor).toEqual(['acme-again', 'nobody-here']);
    await plane.get('/', { host: hostOf('nobody-here') }).expect(404);
  });

  it('refreshes cached routes in time even if its clock is set back', async () => {
    lives('moving');
    await plane.get('/', { host: hostOf('moving') }).expect(307);
    await plane.get('/', { host: hostOf('coming') }).expect(404);
    lives('moving', { endpoint_url: 'https://acme.us.example.com' });
    lives('coming');
    // Stay within the clock tolerance of signatures, so that the first call is accepted.
    clock.jump(-240);
    clock.advance(30);
    const locations = ['moving', 'coming'].map(
      async (slug) => (await plane.get('/', { host: hostOf(slug) })).headers['location'],
    );
    expect(await Promise.all(locations)).toEqual(['https://acme.us.example.com/', `${ELSEWHERE}/`]);
    clock.jump(240);
  });

  it('uses known routes while the Control Plane is down', async () => {
    lives('known');
    await plane.get('/', { host: hostOf('known') }).expect(307);
    link.control.misbehavesAt = ['/api/tenant-planes/self/routes'];
    link.control.manner = 'broken';
    clock.advance(3600);
    await plane.get('/', { host: hostOf('known') }).expect(307);
    await plane.get('/', { host: hostOf('unknown') }).expect(404);
    link.control.manner = 'proper';
  });

  it('redirects to known tenants while look-ups of many unknown hosts hang', async () => {
    const { control } = link;
    lives('steady');
    await plane.get('/', { host: hostOf('steady') }).expect(307);
    control.misbehavesAt = ['/api/tenant-planes/self/routes'];
    control.manner = 'hanging';
    clock.advance(60);
    const statuses = (slugs: readonly string[]): Promise<number[]> =>
      Promise.all(slugs.map(async (slug) => (await plane.get('/', { host: hostOf(slug) })).status));
    const unknown = statuses(Array.from({ length: 12 }, (_, i) => `made-up-${i}`));
    await eventually(() => control.rebuffs.length === 8, { what: 'eight look-ups hang' });
    const known = statuses(['steady', 'steady', 'steady']);
    await eventually(() => control.rebuffs.length === 9, { what: 'the look-up of the known host hangs too' });
    control.cutHanging();
    expect([await known, await unknown]).toEqual([Array(3).fill(307), Array(12).fill(404)]);

    // No request waits for a Control Plane that has just timed out. The plane only retries the lookup from
    // time to time.
    expect([await statuses(['steady']), control.rebuffs.length]).toEqual([[307], 9]);
    clock.advance(5);
    expect(await statuses(['steady', 'steady'])).toEqual([307, 307]);
    await eventually(() => control.rebuffs.length === 10, { what: 'the Control Plane is called again' });
    expect(await statuses(['steady'])).toEqual([307]);
    control.manner = 'proper';
    control.routes.delete('steady');
    control.cutHanging();
    await eventually(
      async () => {
        clock.advance(5);
        return (await statuses(['steady']))[0] === 404;
      },
      { what: 'a removed host is no longer redirected' },
    );
  });

  it('rejects an unsigned response', async () => {
    lives('unsigned');
    link.control.manner = 'unsigned';
    await plane.get('/', { host: hostOf('unsigned') }).expect(404);
    link.control.manner = 'proper';
  });

  it("serves the plane's own tenants without calling the Control Plane", async () => {
    await plane.tenant('here');
    await plane.get('/', { host: hostOf('here') }).expect(200);
    await plane.get('/', { host: 'localhost:4200' }).expect(404);
    expect(link.control.askedFor).toEqual([]);
  });

  it('does not redirect in a loop', async () => {
    lives('soon-here', { tenant_plane_id: link.control.planeId });
    await plane.get('/', { host: hostOf('soon-here') }).expect(404);
  });
});
