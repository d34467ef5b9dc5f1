import { type ReconcilePassView } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Drift } from '../../src/reconcile/drift.entity';
import { Drifts } from '../../src/reconcile/drifts';
import { ReconcilePasses } from '../../src/reconcile/reconcile-passes';
import { ReconcilePass } from '../../src/reconcile/reconcile-state.entity';
import { Reconciler } from '../../src/reconcile/reconciler';
import { TenantSubjects } from '../../src/reconcile/subjects/tenant-subjects';
import { Tenant } from '../../src/registry/tenant.entity';
import { Gate } from '../held-operator.fixture';
import { ReconcileScene, type Settled } from '../reconcile-scene.fixture';

jest.setTimeout(15_000);

const ELSEWHERE = 'http://127.0.0.1:1';

describe.each(EVERY_DATABASE)('a pass of reconciliation on %s', (driver) => {
  let set: ReconcileScene;
  let shared: Settled;
  let release = new Gate();
  beforeAll(async () => {
    set = await ReconcileScene.set(driver);
    shared = await set.shared();
    await set.copyTenants(shared, 9);
  });
  afterAll(() => set.close());
  beforeEach(() => {
    limit(0);
    // So that each repair counts as the first.
    return set.sql('delete from drifts');
  });
  afterEach(async () => {
    set.between(() => Promise.resolve());
    release.open();
    jest.restoreAllMocks();
    await eventually(async () => !(await row()).isRunning);
  });

  const passes = () => set.plane.app.get(ReconcilePasses);
  /** Above how many tenants a request starts a pass. */
  const limit = (mostAtOnce: number) => void Object.assign(passes(), { mostAtOnce });
  const request = async (token?: string): Promise<ReconcilePassView> =>
    (await set.plane.post('/api/reconcile', undefined, { token }).expect(202)).body;
  const newest = async (): Promise<ReconcilePassView> =>
    (await set.plane.get('/api/reconcile').expect(200)).body.pass;
  const isOver = async (): Promise<ReconcilePassView | false> => {
    const pass = await newest();
    return pass?.status !== 'running' && pass;
  };
  const finished = () => eventually(isOver, { what: 'the pass has finished' });
  const drifted = () => set.plane.change(Tenant, { id: shared.id }, { url: ELSEWHERE });
  const count = () => set.plane.count(Drift, { kind: 'address_differs' });
  const row = async (): Promise<ReconcilePass> => (await set.plane.rows(ReconcilePass))[0] as ReconcilePass;
  const change = (to: object) => set.plane.change(ReconcilePass, { id: 1 }, to);
  /** Stops the next pass between its first and its second look at a difference. */
  const held = async () => {
    const [reached, released] = [new Gate(), (release = new Gate())];
    await drifted();
    set.between(() => {
      reached.open();
      return released.opened;
    });
    return { reached, released };
  };

  it('does not exist before the first one is requested', async () => {
    expect(await newest()).toBeNull();
  });

  it('is not needed if there is little to compare', async () => {
    limit(10);
    await drifted();
    const { body } = await set.plane.post('/api/reconcile').expect(200);
    expect(body).toMatchObject({ found: 1, repaired: 1, not_looked_at: [] });
    expect(await newest()).toBeNull();
  });

  it('is started with 202 and tells its progress, until it has repaired everything', async () => {
    limit(9);
    const { reached, released } = await held();
    const { id } = await request();
    await reached.opened;
    expect(await newest()).toMatchObject({ id, status: 'running', finished_at: null, expected: 13 });
    released.open();
    const pass = await finished();
    expect(pass).toMatchObject({ id, found: 1, repaired: 1, gone: 0, not_looked_at: [] });
    expect(pass).toMatchObject({ looked_at: 13, finished_at: expect.any(String) });
  });

  it('is joined by whoever asks while it runs, also after a lost response', async () => {
    const { reached, released } = await held();
    const before = await count();
    const asked = await Promise.all([request(), request()]);
    await reached.opened;
    const ids = [...asked, await request(), await newest()].map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    released.open();
    await finished();
    expect(await count()).toBe(before + 1);
    expect((await request()).id).not.toBe(ids[0]);
  });

  it('settles the drifts that were already open', async () => {
    limit(100);
    await set.plane.change(Tenant, { id: shared.id }, { status: 'provisioning' });
    await set.look();
    await set.plane.change(Tenant, { id: shared.id }, { status: 'active' });
    limit(0);
    await request();
    expect(await finished()).toMatchObject({ gone: 1 });
  });

  it('names the kinds of subjects that it could not compare, and compares the others', async () => {
    await drifted();
    jest.spyOn(set.plane.app.get(TenantSubjects), 'page').mockRejectedValue(new Error('unreachable'));
    await request();
    expect(await finished()).toMatchObject({ found: 0, looked_at: 3, not_looked_at: ['tenant'] });
  });

  it('goes on if whoever started it loses access', async () => {
    const { reached, released } = await held();
    const key = await set.plane.createApiKey(['planes:write']);
    await request(key);
    await reached.opened;
    const { body } = await set.plane.get('/api/api-keys?limit=100').expect(200);
    const [{ id }] = body.items.filter((one: { scopes: string[] }) => one.scopes.join() === 'planes:write');
    await set.plane.delete(`/api/api-keys/${id}`).expect(204);
    await set.plane.post('/api/reconcile', undefined, { token: key }).expect(401);
    released.open();
    expect(await finished()).toMatchObject({ repaired: 1 });
  });

  describe('whose process dies', () => {
    /** How many subjects the part with this name and the following ones have. */
    const lookedAtFrom = async (name: string): Promise<number> => {
      const { sources } = set.plane.app.get(Reconciler);
      const parts = sources.slice(sources.findIndex((source) => source.name === name));
      const pages = await set.plane.app
        .get(Database)
        .read((manager) => Promise.all(parts.map((source) => source.page(manager, null))));
      return pages.reduce((sum, { subjects }) => sum + subjects.length, 0);
    };
    /** A pass that a process left when it had arrived at the tenants. */
    const leave = async (): Promise<string> => {
      await request();
      const { id } = await finished();
      const part = 'tenant';
      const leaseExpiresAt = new Date(set.plane.clock.now().getTime() + 60_000);
      await change({ isRunning: true, finishedAt: null, part, position: null, lookedAt: 0, leaseExpiresAt });
      return id;
    };

    it('is continued by another one, from where it was, once the lease has expired', async () => {
      const id = await leave();
      await drifted();
      set.plane.clock.advance(59);
      await set.plane.sweep();
      await passes().resume();
      expect(await newest()).toMatchObject({ id, status: 'running', looked_at: 0 });
      set.plane.clock.advance(2);
      await set.plane.sweep();
      const pass = await finished();
      expect(pass).toMatchObject({ id, repaired: 1 });
      // The planes came before the tenants, and are not compared again.
      expect(pass.looked_at).toBe(await lookedAtFrom('tenant'));
    });

    it('is left at once to another one if its process ends in an orderly way', async () => {
      jest.spyOn(set.plane.app.get(Reconciler), 'compare').mockRejectedValueOnce(new Error('ending'));
      const { id } = await request();
      await passes().resume();
      await set.plane.sweep();
      expect(await finished()).toMatchObject({ id });
    });

    it('counts nothing of a process that another one has overtaken', async () => {
      const { reached, released } = await held();
      const { id } = await request();
      await reached.opened;
      const { leaseNumber, part } = await row();
      const leaseExpiresAt = new Date(set.plane.clock.now().getTime() + 60_000);
      await change({ leaseNumber: leaseNumber + 1, leaseExpiresAt });
      released.open();
      await passes().resume();
      expect(await newest()).toMatchObject({ id, status: 'running', found: 0 });
      expect((await row()).part).toBe(part);
      set.plane.clock.advance(61);
      await set.plane.sweep();
      expect(await finished()).toMatchObject({ id });
    });

    it('is run by only one of two processes', async () => {
      const parts = [set.plane.app.get(Database), set.plane.app.get(Reconciler)] as const;
      const other = new ReconcilePasses(...parts, set.plane.app.get(Drifts));
      const { reached, released } = await held();
      await request();
      await reached.opened;
      const { leaseNumber } = await row();
      await other.resume();
      expect((await row()).leaseNumber).toBe(leaseNumber);
      released.open();
      await finished();
    });
  });
});
