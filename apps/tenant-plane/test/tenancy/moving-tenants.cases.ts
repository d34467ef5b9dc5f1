import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { TenantDirectory } from '../../src/tenancy/tenant-directory';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { Pause } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const HOME = 'https://home.example.com';

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
