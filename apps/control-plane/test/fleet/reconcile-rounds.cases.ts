import { Database } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE } from '@atlas/testing';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Drift } from '../../src/reconcile/drift.entity';
import { Drifts } from '../../src/reconcile/drifts';
import { ReconcileRounds } from '../../src/reconcile/reconcile-rounds';
import { ReconcileChange, ReconcileCursor } from '../../src/reconcile/reconcile-state.entity';
import { Reconciler } from '../../src/reconcile/reconciler';
import { InfrastructureSubjects } from '../../src/reconcile/subjects/infrastructure-subjects';
import { PlaneSubjects } from '../../src/reconcile/subjects/plane-subjects';
import { TenantSubjects } from '../../src/reconcile/subjects/tenant-subjects';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { type TestControlPlane } from '../control-plane.fixture';
import { ReconcileScene, type Settled } from '../reconcile-scene.fixture';

jest.setTimeout(60_000);

const ELSEWHERE = 'http://127.0.0.1:1';
/** The tenants of one round fit into a page, so that 1,200 need three rounds. */
const COPIES = 1200;

describe.each(EVERY_DATABASE)('rounds of reconciliation on %s', (driver) => {
  let set: ReconcileScene;
  let shared: Settled;
  beforeAll(async () => {
    set = await ReconcileScene.set(driver);
    shared = await set.shared();
    await set.copyTenants(shared, COPIES);
  });
  afterAll(() => set.close());
  beforeEach(async () => {
    await forget();
    await set.sql('delete from reconcile_cursors');
  });
  afterEach(() => {
    set.between(() => Promise.resolve());
    jest.restoreAllMocks();
  });

  const change = (...args: Parameters<TestControlPlane['change']>) => set.plane.change(...args);
  const read = <T extends object>(service: new (...args: never[]) => T): T => set.plane.app.get<T>(service);
  /** Like those of another process, or of this one after a restart. */
  const rounds = (): ReconcileRounds => {
    const [database, reconciler, drifts] = [set.plane.app.get(Database), read(Reconciler), read(Drifts)];
    const sources = [read(TenantSubjects), read(PlaneSubjects), read(InfrastructureSubjects)] as const;
    return Object.assign(new ReconcileRounds(database, reconciler, drifts, ...sources), { pages: 1 });
  };
  const round = async (): Promise<void> => {
    set.plane.clock.advance(45);
    await rounds().run();
  };
  const forget = () => set.sql('delete from reconcile_changes');
  const count = (kind: string) => set.plane.count(Drift, { kind });
  const noted = async (): Promise<string[]> => {
    const changes = await set.plane.rows(ReconcileChange);
    return [...new Set(changes.map(({ kind, subjectId }) => `${kind} ${subjectId}`))].sort();
  };
  const lastId = async (): Promise<string> => (await set.plane.rows(Tenant)).at(-1)?.id ?? '';

  describe('of everything, a share at a time', () => {
    it('compares each tenant once in as many rounds as there are shares, also after restarts', async () => {
      const compare = jest.spyOn(read(TenantSubjects), 'page');
      for (let n = 0; n < 3; n += 1) await round();
      const pages = await Promise.all(compare.mock.results.map(({ value }) => value));
      const seen = pages.flatMap(({ subjects }) => subjects.map(({ id }: { id: string }) => id));
      const tenants = await set.plane.rows(Tenant);
      expect(seen.sort()).toEqual(tenants.map(({ id }) => id).sort());
      await round();
      expect(compare.mock.calls.at(-1)?.[1]).toBeNull();
    });

    it('finds a drift that no change shows once its share has its turn', async () => {
      const id = await lastId();
      await change(Tenant, { id }, { url: ELSEWHERE });
      await forget();
      const before = await count('address_differs');
      for (let n = 0; n < 2; n += 1) await round();
      expect(await count('address_differs')).toBe(before);
      await round();
      expect(await count('address_differs')).toBe(before + 1);
      expect((await set.newest('address_differs', id))?.repaired).toBe(true);
    });

    it('advances once when two processes compare the same share', async () => {
      const both = [rounds(), rounds()];
      await Promise.all(both.map((one) => one.run()));
      const [cursor] = await set.plane.rows(ReconcileCursor, { name: 'tenant' });
      const tenants = await set.plane.rows(Tenant);
      expect(cursor?.position).toBe(tenants[499]?.id);
    });

    it('repeats a share that a process did not finish', async () => {
      const compare = jest.spyOn(read(Reconciler), 'compare').mockRejectedValueOnce(new Error('killed'));
      await expect(rounds().run()).rejects.toThrow('killed');
      expect(compare).toHaveBeenCalledTimes(1);
      expect(await set.plane.count(ReconcileCursor)).toBe(0);
    });

    it('counts the places of a few cells at a time', async () => {
      await change(TenantPlane, { id: shared.planeId }, { placed: 7 });
      const before = await count('count_differs');
      await round();
      expect(await count('count_differs')).toBe(before + 1);
      const [{ placed } = { placed: 0 }] = await set.plane.rows(TenantPlane, { id: shared.planeId });
      expect(placed).toBe(COPIES + 1);
    });

    it('settles open drifts, a page in each round', async () => {
      await change(Tenant, { id: shared.id }, { status: 'provisioning' });
      await round();
      expect((await set.newest('job_missing', shared.id))?.resolvedAt).toBeNull();
      await change(Tenant, { id: shared.id }, { status: 'active' });
      await round();
      expect((await set.newest('job_missing', shared.id))?.resolvedAt).not.toBeNull();
    });
  });

  describe('of what has changed', () => {
    it('finds it in the next round, wherever the share is', async () => {
      const id = await lastId();
      const before = await count('address_differs');
      await change(Tenant, { id }, { url: ELSEWHERE });
      await round();
      expect(await count('address_differs')).toBe(before + 1);
      expect(await set.plane.count(ReconcileChange)).toBeLessThan(10);
    });

    it.each<[string, () => Promise<unknown>, ('tenant' | 'tenant_plane')[]]>([
      ['the status of a tenant', () => tenant({ status: 'suspended' }), ['tenant']],
      ['the address of a tenant', () => tenant({ endpointUrl: ELSEWHERE }), ['tenant']],
      ['the phase of a placement', () => placement({ phase: 'frozen' }), ['tenant']],
      ['an entry that is no longer published', () => placement({ entryRevision: 0 }), ['tenant']],
      ['a report that is taken back', () => placement({ reportedRevision: 0 }), ['tenant']],
      ['a report of a failure', () => placement({ reportedState: 'failed' }), ['tenant']],
      ['the source of the rows', () => placement({ restoredFrom: uuidv7() }), ['tenant']],
      ['the health of a plane', () => plane({ healthStatus: 'failing' }), ['tenant_plane']],
      ['the address that a plane reports', () => plane({ reportedEndpointUrl: ELSEWHERE }), ['tenant_plane']],
      ['what a plane has applied', () => plane({ appliedRevision: 'other.1' }), ['tenant_plane']],
    ])('notes %s', async (_, make, kinds) => {
      const rows = [await set.plane.rows(Tenant, { id: shared.id }), await placements(), await planes()];
      await forget();
      await make();
      const ids = { tenant: shared.id, tenant_plane: shared.planeId };
      expect(await noted()).toEqual(kinds.map((kind) => `${kind} ${ids[kind]}`));
      const [tenants, places, cells] = rows;
      await change(Tenant, { id: shared.id }, tenants?.[0] ?? {});
      await change(Placement, { tenantId: shared.id }, places?.[0] ?? {});
      await change(TenantPlane, { id: shared.planeId }, cells?.[0] ?? {});
    });
    const tenant = (to: object) => change(Tenant, { id: shared.id }, to);
    const placement = (to: object) => change(Placement, { tenantId: shared.id }, to);
    const plane = (to: object) => change(TenantPlane, { id: shared.planeId }, to);
    const placements = () => set.plane.rows(Placement, { tenantId: shared.id });
    const planes = () => set.plane.rows(TenantPlane, { id: shared.planeId });

    it('notes every tenant of a plane whose own address changes', async () => {
      const [{ endpointUrl } = { endpointUrl: null }] = await planes();
      await plane({ endpointUrl: ELSEWHERE });
      expect((await noted()).filter((one) => one.startsWith('tenant '))).toHaveLength(COPIES + 1);
      await plane({ endpointUrl });
    });

    it('notes the deletion of a placement', async () => {
      const [row] = await placements();
      await set.plane.remove(Placement, { tenantId: shared.id });
      expect(await noted()).toEqual([`tenant ${shared.id}`]);
      await set.plane.insert(Placement, row ?? {});
    });

    it("notes nothing of a plane's heartbeats, or of locks", async () => {
      await set.scene.cell.report();
      await set.sql('update tenants set id = id where id = $1', [shared.id]);
      expect(await noted()).toEqual([]);
    });

    it('finds a tenant on which a report that applies everything leaves out', async () => {
      const id = await lastId();
      await change(Placement, { tenantId: id }, { entryRevision: () => 'entry_revision + 1' });
      await forget();
      const [{ revision } = { revision: 0 }] = await planes();
      await set.scene.cell.report([]);
      const [{ appliedRevision }] = (await planes()) as [TenantPlane];
      const [epoch = ''] = (appliedRevision ?? '').split('.');
      await plane({ revision: revision + 1, appliedRevision: `${epoch}.${revision + 1}` });
      const before = await count('entry_unapplied');
      await round();
      expect(await count('entry_unapplied')).toBe(before + 1);
    });

    it('leaves a tenant to its job, and compares it when the job ends', async () => {
      const id = await lastId();
      const job = { tenantId: id, status: 'succeeded' as const };
      const [row] = await set.plane.rows(ProvisioningJob, { tenantId: shared.id });
      await set.plane.insert(ProvisioningJob, { ...row, id: uuidv7(), ...job, status: 'waiting' });
      await change(Tenant, { id }, { url: ELSEWHERE });
      const before = await count('address_differs');
      await round();
      expect([await count('address_differs'), await noted()]).toEqual([before, []]);
      await change(ProvisioningJob, { tenantId: id, status: 'waiting' }, { status: 'succeeded' });
      await round();
      expect(await count('address_differs')).toBe(before + 1);
    });

    it('keeps what has changed if the process dies before it has compared it', async () => {
      await change(Tenant, { id: await lastId() }, { url: ELSEWHERE });
      const before = await count('address_differs');
      jest.spyOn(read(Reconciler), 'compare').mockRejectedValueOnce(new Error('killed'));
      await expect(rounds().run()).rejects.toThrow('killed');
      await round();
      expect(await count('address_differs')).toBe(before + 1);
    });

    it('forgets it if rounds are off', async () => {
      await change(Tenant, { id: shared.id }, { url: ELSEWHERE });
      await set.plane.sweep();
      expect(await set.plane.count(ReconcileChange)).toBe(0);
      await round();
    });
  });
});
