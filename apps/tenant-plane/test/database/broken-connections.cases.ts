import { type TenantScope } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { endSession, eventually } from '@atlas/testing';
import { type EntityManager } from 'typeorm';
import { Audit } from '../../src/audit/audit';
import { DesiredStateApplier } from '../../src/control-plane-link/desired-state-applier';
import { Link } from '../linked-plane.fixture';
import { type SignedInUser, TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

/** Breaks a transaction's connection at the next call of a method, before or after the method runs. */
function breakAt<Given extends unknown[]>(
  target: object,
  name: string,
  place: 'before' | 'behind',
  managerOf: (...given: Given) => EntityManager,
): void {
  // The cast exposes private methods, because only they run between two statements.
  const methods = target as Record<string, (...given: Given) => Promise<unknown>>;
  const work = methods[name]?.bind(target);
  jest.spyOn(methods, name).mockImplementationOnce(async (...given) => {
    const result = place === 'behind' ? await work?.(...given) : undefined;
    await endSession(managerOf(...given));
    return place === 'behind' ? result : work?.(...given);
  });
}

// SQLite has no connection that can break.
describe('a Postgres connection that breaks mid-transaction', () => {
  describe('during a user request', () => {
    let plane: TestTenantPlane;
    let acme: DesiredTenant;
    let admin: SignedInUser;
    beforeAll(async () => {
      plane = await TestTenantPlane.boot('postgres');
      acme = await plane.tenant('acme');
      admin = await plane.user(acme, 'admin');
    });
    afterAll(() => plane.close());

    it.each([
      ['two statements', 'before'],
      ['the last statement and COMMIT', 'behind'],
    ] as const)(
      'fails the request with a retryable outage error if it breaks between %s',
      async (_, place) => {
        const { id } = await plane.user(acme, 'operator');
        const rename = () => plane.patch(`/api/users/${id}`, { name: 'Renamed' }, { session: admin.session });
        breakAt(plane.app.get(Audit), 'record', place, ({ manager }: TenantScope) => manager);
        const refused = await rename().expect(503);
        expect([refused.body.code, refused.headers['retry-after']]).toEqual(['database_unavailable', '5']);
        expect((await plane.get(`/api/users/${id}`, { session: admin.session })).body.name).not.toBe(
          'Renamed',
        );
        expect((await rename().expect(200)).body.name).toBe('Renamed');
      },
    );
  });

  describe('while an entry is applied', () => {
    let link: Link;
    beforeEach(async () => (link = await Link.create('postgres')));
    afterEach(() => link.close());

    it.each([
      ['before', 'before'],
      ['after', 'behind'],
    ] as const)(
      'makes the plane retry the whole entry if it breaks %s the entry is written',
      async (_, place) => {
        const { control } = link;
        const acme = tenantEntry('acme');
        control.wanted.put(acme);
        const plane = await link.startPlane();
        await link.reported(acme.tenant_id);
        const reportsBefore = control.reports.length;
        breakAt(plane.app.get(DesiredStateApplier), 'put', place, (manager: EntityManager) => manager);
        control.wanted.put({ ...acme, name: 'Renamed' });
        const ofRenamed = () =>
          control.reports
            .slice(reportsBefore)
            .flatMap(({ tenants }) => tenants)
            .filter(({ entry_revision }) => entry_revision === 2);
        await eventually(() => ofRenamed().at(-1)?.state === 'applied', { what: 'the entry is applied' });
        expect(ofRenamed()).toMatchObject([{ state: 'retrying' }, { state: 'applied' }]);
      },
    );
  });
});
