import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const HOME = 'https://home.example.com';

describe.each(EVERY_DATABASE)('while another replica applies a move on %s', (driver) => {
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

  /** Applied elsewhere: the plane under test does not hear of it. */
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

  it('refuses nobody who names a leaving tenant twice, however long ago each name was read', async () => {
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

  it('sends on who names a tenant twice, where one name was read before it left and one after', async () => {
    await plane.get('/api/tenant-default', bySlug).expect(200);
    await leave();
    expect(await ask(byBoth)).toEqual(THERE);
  });

  it('serves a tenant from the moment that it is back, whatever was read before', async () => {
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
