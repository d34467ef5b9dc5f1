import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock, sendRaw } from '@atlas/testing';
import { TenantDirectory } from '../../src/tenancy/tenant-directory';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { Pause } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const HOME = 'https://home.example.com';
const LOCAL_HOME = 'http://127.0.0.1:4210';
/** Where browsers are sent if the home is at {@link LOCAL_HOME}. */
const LOCAL_HOST = 'http://acme.localhost:4210';

/** How requests may write the tenant's host. */
const SAME_HOSTS = ['acme.localhost:4200', 'ACME.LocalHost:4200', 'acme.localhost.:4200', 'acme.localhost.'];
const OTHER_HOSTS = [
  'globex.localhost:4200',
  'acme.localhost.evil.example',
  'evil.com.localhost',
  'evil.com.localhost.:4200',
  'deeper.acme.localhost:4200',
  '-.localhost:4200',
  'xn--acme.localhost:4200',
  'user@acme.localhost:4200',
  'acme.localhost@evil.example',
  'acme.localhost:4200@evil.example',
  'acme.localhost:4200:80',
  'acme.localhost:99999',
  'acme.localhost:0x1068',
  'acme.localhost:',
  'acme.localhost/evil.example',
  'acme.localhost\\evil.example',
  'acme.localhost#.evil.example',
  'acme.localhost?.evil.example',
  'acme.localhost%0d%0aLocation:%20https://evil.example',
  'acme.localhost\r\nLocation: https://evil.example',
  'acme.localhost\r\n .evil.example',
  'acme.localhost\nX-A: b',
  'acme.localhost\rX-A: b',
  'acme.localhost, evil.example',
  'acme。localhost',
  '[::1]:4200',
  '[::ffff:127.0.0.1]:4200',
  '[::1%25.localhost]:4200',
  '127.0.0.1:4200',
  '2130706433',
  '.localhost',
  'localhost',
  '',
];

describe.each(EVERY_DATABASE)('a replica on %s, while another replica applies a move', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let acme: DesiredTenant;
  let bySession: CallOptions;
  let bySlug: CallOptions;
  let byBoth: CallOptions;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    acme = await plane.tenant('acme');
    const { session } = await plane.user(acme, 'admin');
    bySession = { session };
    bySlug = { tenant: 'acme' };
    byBoth = { ...bySession, ...bySlug };
  });
  afterEach(() => elsewhere({ phase: 'retired', movedTo: null }));

  /** Changes the row as another replica would, without this replica noticing. */
  async function elsewhere(changes: Partial<Pick<Tenant, 'phase' | 'movedTo'>>): Promise<void> {
    const database = plane.app.get(Database);
    await database.write((manager) => manager.update(Tenant, { id: acme.tenant_id }, changes));
  }

  const leave = (): Promise<void> => elsewhere({ phase: 'retired', movedTo: HOME });
  const ask = async (options: CallOptions): Promise<unknown[]> => {
    const { status, body, headers } = await plane.get('/api/incidents', options);
    return [status, ...(status === 307 ? [headers['location']] : [body.code])];
  };
  const HERE = [200, undefined];
  const THERE = [307, `${HOME}/api/incidents`];

  it('never refuses a request that names the departing tenant by both session and slug', async () => {
    expect(await ask(bySession)).toEqual(HERE);
    clock.advance(0.5);
    await plane.get('/api/tenant-default', bySlug).expect(200);
    await leave();
    for (let tenth = 0; tenth < 12; tenth += 1) {
      expect([HERE, THERE]).toContainEqual(await ask(byBoth));
      clock.advance(0.1);
    }
    expect(await ask(byBoth)).toEqual(THERE);
  });

  it('redirects a request whose slug was looked up before the move, and whose session after it', async () => {
    await plane.get('/api/tenant-default', bySlug).expect(200);
    await leave();
    expect(await ask(byBoth)).toEqual(THERE);
  });

  describe('of a browser, whatever the host of its request', () => {
    const locationOf = async (host: string, named: string): Promise<string | undefined> => {
      const lines = [`GET /incidents?x=1 HTTP/1.1`, `Host: ${host}`, `Accept: text/html`, named];
      const text = [...lines.filter(Boolean), 'Connection: close', '', ''].join('\r\n');
      const { head } = await sendRaw(plane.url, text);
      return /^location: (.*)$/im.exec(head)?.[1]?.trim();
    };
    const NAMED = ['', 'X-Tenant-Id: acme'];

    it('leads only to hosts of the deployment', async () => {
      await elsewhere({ phase: 'retired', movedTo: LOCAL_HOME });
      for (const named of NAMED) {
        for (const host of SAME_HOSTS)
          expect([host, await locationOf(host, named)]).toEqual([host, `${LOCAL_HOST}/incidents?x=1`]);
        for (const host of OTHER_HOSTS) {
          const location = await locationOf(host, named);
          const origin = location === undefined ? undefined : new URL(location).origin;
          expect([host, [undefined, LOCAL_HOME, LOCAL_HOST].includes(origin)]).toEqual([host, true]);
        }
      }
    });

    it.each([
      ['http://127.0.0.1:4200', 'acme.localhost:4200'],
      ['http://acme.localhost', 'acme.localhost:80'],
      ['https://acme.example.com', 'acme.example.com:443'],
      ['https://ACME.example.com.', 'acme.example.com'],
    ])('does not lead back to the same host, for the address %s', async (movedTo, own) => {
      await elsewhere({ phase: 'retired', movedTo });
      for (const host of [own, own.toUpperCase(), own.replace(/(?=:|$)/, '.')])
        expect([host, await locationOf(host, 'X-Tenant-Id: acme')]).toEqual([host, undefined]);
      // Anywhere else, it is led there once.
      for (const host of OTHER_HOSTS) {
        const location = await locationOf(host, 'X-Tenant-Id: acme');
        if (location === undefined) continue;
        const next = await locationOf(new URL(location).host, 'X-Tenant-Id: acme');
        const last =
          next === undefined ? undefined : await locationOf(new URL(next).host, 'X-Tenant-Id: acme');
        expect([host, next, last]).toEqual([host, next, undefined]);
      }
    });
  });

  describe('with overlapping look-ups', () => {
    let directory: TenantDirectory;
    beforeEach(() => {
      directory = plane.app.get(TenantDirectory);
      directory.forget();
    });

    it('redirects once the tenant has left, even if an older look-up finishes last', async () => {
      const rowsOfOlder = Pause.behind(plane.app.get(Database), 'read');
      const older = directory.locate(['acme']);
      await rowsOfOlder.reached;
      await plane.get('/api/tenant-default', bySlug).expect(200);
      await leave();
      const locate = directory.locate.bind(directory);
      // The router has cached the slug. The guard looks up slug and id, and then the router looks up the slug
      // again.
      const locating = jest.spyOn(directory, 'locate').mockImplementation(async (names) => {
        const found = await locate(names);
        if (names.length > 1) {
          rowsOfOlder.release();
          await older;
        }
        return found;
      });
      expect(await ask(byBoth)).toEqual(THERE);
      expect((await older).served).not.toBeNull();
      locating.mockRestore();
    });

    it('keeps the result that was read last, even if its look-up began first', async () => {
      const reading = Pause.before(plane.app.get(Database), 'read');
      const newer = directory.locate(['acme', acme.tenant_id]);
      await reading.reached;
      expect((await directory.locate(['acme'])).served).not.toBeNull();
      await leave();
      reading.release();
      expect((await newer).moved).not.toBeNull();
      expect((await directory.locate(['acme'])).served).toBeNull();
    });

    it('does not cache a result that was read before this replica applied a change', async () => {
      const rowsOfOlder = Pause.behind(plane.app.get(Database), 'read');
      const older = directory.locate(['acme']);
      await rowsOfOlder.reached;
      await leave();
      directory.forget();
      rowsOfOlder.release();
      await older;
      expect((await directory.locate(['acme'])).served).toBeNull();
    });
  });

  it('serves a tenant as soon as it is back, even if its move was cached', async () => {
    await leave();
    clock.advance(2);
    expect(await ask(byBoth)).toEqual(THERE);
    expect(await ask(bySession)).toEqual(THERE);
    await elsewhere({ phase: 'serving', movedTo: null });
    expect(await ask(bySlug)).toEqual([401, 'unauthenticated']);
    expect(await ask(bySession)).toEqual(HERE);
    expect(await ask(byBoth)).toEqual(HERE);
  });
});
