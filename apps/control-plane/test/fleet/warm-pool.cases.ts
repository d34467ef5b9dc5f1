import { JobQueue } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { CommitFaults, EVERY_DATABASE, eventually } from '@atlas/testing';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { LocalDriver } from '../../src/infrastructure/drivers/local/local.driver';
import { PoolRounds } from '../../src/operations/warm-pool/pool-rounds';
import { SILENT_MS } from '../../src/operations/warm-pool/pool-counts';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Drift } from '../../src/reconcile/drift.entity';
import { Reconciler } from '../../src/reconcile/reconciler';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { TestControlPlane, provisionBody } from '../control-plane.fixture';
import { DrivenPlanes } from '../driven-planes.fixture';
import { HeldRow } from '../held-operator.fixture';
import { JobScene, stepOf } from '../job-scene.fixture';
import { PlaneWatch } from '../../src/fleet/plane-watch';
import { type PlaneSimulator, bodyOf, refusal } from '../plane-simulator.fixture';

const [OLD, VERSION, NEWER] = ['0.0.8', '0.0.9', '0.1.0'];

interface Accepted {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly job: { readonly id: string };
}

describe.each(EVERY_DATABASE)('the warm pool on %s', (driver) => {
  let faults: CommitFaults;
  let scene: JobScene;
  let plane: TestControlPlane;
  let planes: DrivenPlanes;
  let config: { -readonly [Name in keyof ControlPlaneConfig]: ControlPlaneConfig[Name] };
  beforeAll(async () => {
    faults = await CommitFaults.start();
    scene = await JobScene.set(driver, { TENANT_PLANE_VERSION: VERSION }, (url) => faults.through(url));
    ({ plane } = scene);
    planes = new DrivenPlanes(scene);
    config = plane.app.get(ControlPlaneConfig);
    Object.assign(plane.app.get(Reconciler), { pause: async () => undefined });
  });
  beforeEach(() => {
    planes.missing.clear();
    planes.cannotRemove = false;
    jest.spyOn(plane.app.get(PlaneWatch), 'listensForMs').mockReturnValue(SILENT_MS);
  });
  afterEach(async () => {
    faults.end();
    jest.restoreAllMocks();
    Object.assign(config, { TENANT_PLANE_VERSION: VERSION, DEDICATED_POOL_REGION: undefined });
    planes.cannotRemove = false;
    await emptied();
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  const inPool = async (): Promise<TenantPlane[]> =>
    (await plane.rows(TenantPlane, { poolState: 'pooled' })).filter(({ status }) => status !== 'retired');
  const jobsOf = (operation: 'warm' | 'cool') => plane.rows(ProvisioningJob, { operation });
  const liveJobs = async (): Promise<ProvisioningJob[]> =>
    [...(await jobsOf('warm')), ...(await jobsOf('cool'))].filter(({ finishedAt }) => finishedAt === null);
  const sized = async (size: number): Promise<void> => {
    config.DEDICATED_POOL_SIZE = size;
    await plane.sweep();
  };
  /** Removes everything from the pool, and forgets its failures. */
  const emptied = async (): Promise<void> => {
    config.DEDICATED_POOL_SIZE = 0;
    await eventually(
      async () => {
        for (const { id, status, direction } of await plane.rows(ProvisioningJob, { operation: 'warm' })) {
          if (['queued', 'running', 'waiting'].includes(status)) await scene.act(id, 'cancel');
          if (status === 'failed' && direction === 'undo') await scene.act(id, 'rollback');
        }
        for (const { id, status } of await plane.rows(ProvisioningJob, { operation: 'cool' }))
          if (['failed', 'cancelled'].includes(status)) await scene.act(id, 'retry');
        await plane.sweep();
        return (await inPool()).length === 0 && (await liveJobs()).length === 0;
      },
      { what: 'the pool is empty', found: () => plane.describeJobs() },
    );
    await plane.remove(ProvisioningJob, { operation: 'warm' });
  };
  const running = (id: string) =>
    eventually(() => planes.env.has(id), { what: 'the plane is created', found: () => plane.describeJobs() });
  /** Enrols the planes that are being prepared, and reports that they are healthy. */
  const warmed = async (version = VERSION): Promise<PlaneSimulator[]> => {
    const made: PlaneSimulator[] = [];
    for (const { id, status } of await inPool()) {
      if (status !== 'expected') continue;
      await running(id);
      const simulator = await planes.enrolsAs(id, version);
      await reports(simulator, version);
      made.push(simulator);
    }
    await eventually(async () => (await liveJobs()).length === 0, {
      what: 'the planes are ready',
      found: () => plane.describeJobs({ operation: 'warm' }),
    });
    return made;
  };
  const reports = async (simulator: PlaneSimulator, version = VERSION): Promise<void> => {
    await simulator.pull();
    expect((await simulator.report([], { version, health: { status: 'ok' } })).status).toBe(200);
  };
  const filled = async (size: number): Promise<PlaneSimulator[]> => {
    await sized(size);
    return warmed();
  };
  const provision = async (changes: object = {}): Promise<Accepted> =>
    bodyOf<Accepted>(await plane.provision({ deployment_model: 'dedicated', ...changes }).expect(202));
  const registered = async ({ job }: Accepted) => {
    const [row] = await plane.rows(ProvisioningJob, { id: job.id });
    return row && stepOf(row, 'register-tenant-plane')?.outputs;
  };
  /** Whether the tenant of each request got a plane from the pool, once its plane is registered. */
  const isFromPool = async (accepted: Accepted): Promise<boolean> => {
    const outputs = await eventually(
      async () => {
        const found = await registered(accepted);
        return found?.['tenant_plane_id'] ? found : undefined;
      },
      { what: 'a plane is registered', found: () => plane.describeJobs({ id: accepted.job.id }) },
    );
    return outputs['from_pool'] === true;
  };
  const view = async (id: string) =>
    bodyOf<Record<string, unknown>>(await plane.get(`/api/tenant-planes/${id}`).expect(200));
  const counted = async () => bodyOf<{ pool: object }>(await plane.get('/api/overview').expect(200)).pool;
  const shortage = async (): Promise<string[]> => {
    plane.clock.advance(1);
    await plane.post('/api/reconcile').expect(200);
    const open = await plane.rows(Drift, { kind: 'pool_short' });
    return open.filter(({ resolvedAt }) => resolvedAt === null).map(({ detail }) => detail);
  };

  it('holds no plane unless some are wanted', async () => {
    await plane.sweep();
    expect(await inPool()).toEqual([]);
  });

  it('prepares the wanted number of planes, and lets tenants take them once they are healthy', async () => {
    await sized(2);
    const [one, two, ...others] = await inPool();
    expect(others).toEqual([]);
    expect(await view(one?.id ?? '')).toMatchObject({
      name: expect.stringMatching(/^warm-[0-9a-f]{8}$/),
      pool: 'pooled',
      accepts_tenants: false,
      tenants: 0,
    });
    await plane.sweep();
    expect(await counted()).toEqual({ wanted: 2, ready: 0, preparing: 2 });
    const [first, second] = await warmed();
    expect(await counted()).toEqual({ wanted: 2, ready: 2, preparing: 0 });
    expect([first?.id, second?.id]).toEqual([one?.id, two?.id]);
    expect(await view(one?.id ?? '')).toMatchObject({ accepts_tenants: true, release: VERSION });
    expect(await jobsOf('warm')).toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }]);
    await plane.sweep();
    expect(await inPool()).toHaveLength(2);
  });

  it('keeps four planes at most in preparation', async () => {
    await sized(6);
    expect(await inPool()).toHaveLength(4);
    await warmed();
    await plane.sweep();
    expect(await inPool()).toHaveLength(6);
  });

  it('gives a tenant its plane in the request, and refills itself', async () => {
    const [simulator] = await filled(1);
    const { id: planeId } = simulator as PlaneSimulator;
    const created = jest.spyOn(plane.app.get(LocalDriver), 'create');
    const accepted = await provision();
    const { tenant, job } = accepted;
    expect(await registered(accepted)).toEqual({ tenant_plane_id: planeId, from_pool: true });
    expect((await scene.job(job.id)).steps.slice(0, 5)).toMatchObject([
      { name: 'register-tenant-plane', status: 'done' },
      { name: 'create-infrastructure', status: 'done', outputs: { driver: 'local' } },
      { name: 'await-enrolment', status: 'done', outputs: { tenant_plane_id: planeId, version: VERSION } },
      { name: 'write-desired-state', status: 'done' },
      { name: 'await-report', status: 'waiting' },
    ]);
    await simulator?.serve(tenant.id);
    await scene.reaches(job.id, 'succeeded');
    const endpoint = `https://${(await view(planeId))['name']}.example.com`;
    expect(await scene.tenant(tenant.id)).toMatchObject({
      status: 'active',
      tenant_plane_id: planeId,
      endpoint_url: endpoint,
      url: `https://${tenant.slug}.atlas.example`,
    });
    const secret = await plane.get(`/api/tenants/${tenant.id}/db-url`).expect(200);
    expect(secret.body).toEqual({ db_url: 'data/tenant.db' });
    expect(await view(planeId)).toMatchObject({ pool: 'taken', tenants: 1 });
    expect(created).not.toHaveBeenCalled();
    await plane.sweep();
    expect((await inPool()).map(({ id }) => id)).not.toContain(planeId);
    expect(await inPool()).toHaveLength(1);
  });

  it('gives two planes to two of ten tenants that come at once', async () => {
    await filled(2);
    config.DEDICATED_POOL_SIZE = 0;
    const all = await Promise.all(Array.from({ length: 10 }, () => provision()));
    const pooled = await Promise.all(all.map(isFromPool));
    expect(pooled.filter((one) => one)).toHaveLength(2);
    const places = await plane.rows(Placement);
    const planesOf = all.map(
      ({ tenant }) => places.find(({ tenantId }) => tenantId === tenant.id)?.tenantPlaneId,
    );
    expect(new Set(planesOf).size).toBe(10);
  });

  it('gives a plane to a tenant that moves to a plane of its own', async () => {
    const [simulator] = await filled(1);
    const { body } = await plane.provision().expect(202);
    await scene.cell.serve(body.tenant.id);
    await scene.reaches(body.job.id, 'succeeded');
    const asked = { deployment_model: 'dedicated' };
    const moved = bodyOf<Accepted>(
      await plane.post(`/api/tenants/${body.tenant.id}/move`, asked).expect(202),
    );
    expect(await isFromPool(moved)).toBe(true);
    expect(await plane.rows(Placement, { tenantPlaneId: simulator?.id })).toMatchObject([
      { tenantId: body.tenant.id, phase: 'importing' },
    ]);
    expect(await scene.tenant(body.tenant.id)).toMatchObject({ tenant_plane_id: scene.cell.id });
    // The cell runs a newer version, so nothing can be copied.
    await scene.reaches(moved.job.id, 'failed');
    await scene.act(moved.job.id, 'rollback').expect(202);
    await scene.reaches(moved.job.id, 'cancelled');
    expect(planes.removed).toContain(simulator?.id);
  });

  it.each<[string, Partial<TenantPlane>, object]>([
    ['of another version', { release: OLD }, {}],
    ['in another region', {}, { region: 'us' }],
    ['with another database', { databaseDriver: 'postgres' }, {}],
    ['that is offline', { lastReportAt: new Date(0) }, {}],
    ['that reports a failure', { healthStatus: 'failing' }, {}],
    ['that is leaving the pool', { acceptsTenants: false }, {}],
    ['that must enrol again', { status: 'expected' }, {}],
  ])('gives no tenant a plane %s', async (_, change, wishes) => {
    const [simulator] = await filled(1);
    const id = simulator?.id ?? '';
    const [before] = await plane.rows(TenantPlane, { id });
    await plane.change(TenantPlane, { id }, { placed: 0, ...change });
    expect(await isFromPool(await provision(wishes))).toBe(false);
    const { release, databaseDriver, lastReportAt, healthStatus, acceptsTenants, status } =
      before as TenantPlane;
    const same = { release, databaseDriver, lastReportAt, healthStatus, acceptsTenants, status };
    await plane.change(TenantPlane, { id }, same);
  });

  it('gives a plane of its region to a tenant that asks for that region, or for none', async () => {
    config.DEDICATED_POOL_REGION = 'us';
    await filled(2);
    expect(await isFromPool(await provision({ region: 'us' }))).toBe(true);
    expect(await isFromPool(await provision())).toBe(true);
  });

  // Runs on Postgres only, because SQLite serialises writers.
  (driver === 'postgres' ? it : it.skip)('waits for a plane that is only reporting', async () => {
    const [simulator] = await filled(1);
    await using held = await HeldRow.hold(plane, TenantPlane, simulator?.id ?? '');
    const asked = provision();
    await held.untilWaiting(1);
    await held.release();
    expect(await isFromPool(await asked)).toBe(true);
  });

  it('removes the plane of a tenant that is rolled back', async () => {
    const [simulator] = await filled(1);
    config.DEDICATED_POOL_SIZE = 0;
    const { tenant, job } = await provision();
    await scene.act(job.id, 'cancel').expect(202);
    await scene.act(job.id, 'rollback').expect(202);
    await scene.reaches(job.id, 'cancelled');
    expect(planes.removed).toContain(simulator?.id);
    expect(await view(simulator?.id ?? '')).toMatchObject({ status: 'retired', pool: 'taken' });
    const removed = planes.requests.get(simulator?.id ?? '');
    expect(removed).toMatchObject({ stem: 'warm', slug: tenant.slug, tenantId: tenant.id });
    expect((await simulator?.pull())?.status).toBe(401);
  });

  it('lets a driver finish a plane whose address depends on its tenant', async () => {
    const [simulator] = await filled(1);
    const id = simulator?.id ?? '';
    expect(planes.requests.get(id)).toMatchObject({ tenantId: 'none', slug: (await view(id))['name'] });
    const local = plane.app.get(LocalDriver);
    Object.assign(local, { namesTenant: true });
    const { tenant, job } = await provision();
    await simulator?.serve(tenant.id);
    await scene.reaches(job.id, 'succeeded');
    Object.assign(local, { namesTenant: false });
    expect(planes.requests.get(id)).toMatchObject({ tenantId: tenant.id, slug: tenant.slug, stem: 'warm' });
    expect(await scene.tenant(tenant.id)).toMatchObject({
      endpoint_url: `https://${tenant.slug}.example.com`,
    });
  });

  describe('when a plane cannot be prepared,', () => {
    beforeEach(() => planes.missing.add(VERSION));
    const attempts = async (): Promise<number> => (await jobsOf('warm')).length;
    const failed = () =>
      eventually(async () => (await liveJobs()).length === 0, {
        what: 'the attempt ends',
        found: () => plane.describeJobs(),
      });

    it('leaves nothing, and tries again later and later', async () => {
      await sized(2);
      await failed();
      expect(await inPool()).toEqual([]);
      expect(await jobsOf('warm')).toMatchObject(
        [1, 2].map(() => ({ status: 'cancelled', error: { code: 'release_missing', class: 'fatal' } })),
      );
      // Two attempts have failed, so the pause has doubled once.
      plane.clock.advance(59);
      await plane.sweep();
      expect(await attempts()).toBe(2);
      plane.clock.advance(1);
      await plane.sweep();
      await failed();
      expect(await attempts()).toBe(3);
      plane.clock.advance(119);
      await plane.sweep();
      expect(await attempts()).toBe(3);
      planes.missing.clear();
      plane.clock.advance(1);
      await plane.sweep();
      expect(await attempts()).toBe(4);
      await warmed();
      // It works again.
      await plane.sweep();
      expect(await attempts()).toBe(5);
    });

    it('says so as a drift until the pool is full', async () => {
      await sized(1);
      await failed();
      const [job] = await jobsOf('warm');
      expect(await shortage()).toEqual([
        expect.stringMatching(new RegExp(`0 of 1 planes ready.*${job?.id}.*The build does not exist`)),
      ]);
      expect(await isFromPool(await provision())).toBe(false);
      planes.missing.clear();
      plane.clock.advance(60);
      await plane.sweep();
      await warmed();
      expect(await shortage()).toEqual([]);
    });

    it('begins no other plane while one cannot be removed either', async () => {
      planes.cannotRemove = true;
      await sized(1);
      await failed();
      const [stuck] = await jobsOf('warm');
      expect(stuck).toMatchObject({ status: 'failed', direction: 'undo' });
      plane.clock.advance(3 * 3600);
      await plane.sweep();
      expect(await attempts()).toBe(1);
      expect(await shortage()).toEqual([expect.stringContaining(`atlas rollback ${stuck?.id}`)]);
      planes.cannotRemove = false;
      await scene.act(stuck?.id ?? '', 'rollback').expect(202);
      await scene.reaches(stuck?.id ?? '', 'cancelled');
      expect(await inPool()).toEqual([]);
    });

    it('removes one that never enrols', async () => {
      planes.missing.clear();
      await sized(1);
      const [{ id } = { id: '' }] = await inPool();
      await running(id);
      await eventually(async () => (await liveJobs())[0]?.status === 'waiting', { what: 'it waits' });
      const [job] = await jobsOf('warm');
      plane.clock.advance(31 * 60);
      await scene.looksAgain(job?.id ?? '');
      await failed();
      expect(await jobsOf('warm')).toMatchObject([{ error: { code: 'pooled_plane_unhealthy' } }]);
      expect([planes.removed.includes(id), await inPool()]).toEqual([true, []]);
    });
  });

  it('removes a plane whose preparation is cancelled', async () => {
    await sized(1);
    const [{ id } = { id: '' }] = await inPool();
    await running(id);
    const [job] = await jobsOf('warm');
    await scene.act(job?.id ?? '', 'cancel').expect(202);
    await scene.reaches(job?.id ?? '', 'cancelled');
    expect([planes.removed.includes(id), await inPool()]).toEqual([true, []]);
    await plane.sweep();
    expect(await inPool()).toEqual([]);
  });

  it('replaces planes of an older version', async () => {
    const [simulator] = await filled(1);
    config.TENANT_PLANE_VERSION = NEWER;
    await plane.sweep();
    await eventually(async () => planes.removed.includes(simulator?.id ?? ''), { what: 'it is removed' });
    await warmed(NEWER);
    expect(await inPool()).toMatchObject([{ release: NEWER, acceptsTenants: true }]);
  });

  it('replaces planes of a newer version only after half an hour', async () => {
    const [simulator] = await filled(1);
    config.TENANT_PLANE_VERSION = OLD;
    await plane.sweep();
    // A newer process of the Control Plane may have prepared it.
    expect(await inPool()).toMatchObject([{ id: simulator?.id, acceptsTenants: true }]);
    plane.clock.advance(30 * 60);
    await reports(simulator as PlaneSimulator);
    await plane.sweep();
    await eventually(async () => planes.removed.includes(simulator?.id ?? ''), { what: 'it is removed' });
    await eventually(async () => (await inPool()).length === 1, { what: 'one is left' });
  });

  it('removes all planes, and the trust in them, once none are wanted', async () => {
    const all = await filled(2);
    await sized(0);
    await eventually(async () => (await inPool()).length === 0, { what: 'the pool is empty' });
    for (const one of all) {
      expect(planes.removed).toContain(one.id);
      expect((await one.pull()).status).toBe(401);
      expect(await view(one.id)).toMatchObject({ status: 'retired', release: null });
    }
  });

  it('removes the newest planes beyond the wanted number', async () => {
    const all = await filled(3);
    await sized(1);
    await eventually(async () => (await inPool()).length === 1, { what: 'one is left' });
    expect((await inPool()).map(({ id }) => id)).toEqual([all[0]?.id]);
  });

  it('replaces a plane that is silent, unless no plane could report', async () => {
    const listens = jest.spyOn(plane.app.get(PlaneWatch), 'listensForMs').mockReturnValue(SILENT_MS - 1);
    const [simulator] = await filled(1);
    plane.clock.advance(SILENT_MS / 1000 + 1);
    await plane.sweep();
    expect(await jobsOf('cool')).not.toContainEqual(
      expect.objectContaining({ tenantPlaneId: simulator?.id }),
    );
    listens.mockReturnValue(SILENT_MS);
    await plane.sweep();
    await eventually(async () => planes.removed.includes(simulator?.id ?? ''), { what: 'it is removed' });
  });

  it('leaves a plane alone that a tenant has taken in the meantime', async () => {
    const [simulator] = await filled(1);
    const id = simulator?.id ?? '';
    config.DEDICATED_POOL_SIZE = 0;
    const counts = plane.app.get(PoolRounds).counts.bind(plane.app.get(PoolRounds));
    const spy = jest.spyOn(plane.app.get(PoolRounds), 'counts').mockImplementation(async (manager) => {
      const found = await counts(manager);
      await manager.update(TenantPlane, { id }, { poolState: 'taken' });
      return found;
    });
    const rounds = plane.app.get(PoolRounds) as unknown as { tend(manager: unknown): Promise<void> };
    await plane.app.get(Database).write((manager) => rounds.tend(manager));
    spy.mockRestore();
    expect(await plane.rows(ProvisioningJob, { tenantPlaneId: id, operation: 'cool' })).toEqual([]);
    expect(await view(id)).toMatchObject({ pool: 'taken', accepts_tenants: true });
    await plane.change(TenantPlane, { id }, { poolState: 'pooled' });
  });

  it('is replaced instead of upgraded', async () => {
    const [simulator] = await filled(1);
    const answer = await plane.post(`/api/tenant-planes/${simulator?.id}/upgrade`, { version: NEWER });
    expect(refusal(answer)).toEqual([409, 'invalid_transition']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('in the warm pool');
  });

  it('is compared with what exists, and is not left over', async () => {
    const [simulator] = await filled(1);
    await shortage();
    const drifts = await plane.rows(Drift, { subjectId: simulator?.id });
    // The simulated driver keeps no records.
    expect(drifts).toMatchObject([
      { kind: 'driver_record_missing', detail: expect.stringContaining('warm pool') },
    ]);
  });

  it('gives a tenant exactly one plane although COMMIT fails', async () => {
    await filled(2);
    config.DEDICATED_POOL_SIZE = 0;
    const body = provisionBody({ deployment_model: 'dedicated' });
    const options = { headers: { 'idempotency-key': `pool-${driver}` } };
    faults.begin();
    const accepted = await eventually(
      async () => {
        const answer = await plane.post('/api/tenants/provision', body, options);
        return answer.status === 202 ? bodyOf<Accepted>(answer) : undefined;
      },
      { what: 'the request is accepted' },
    );
    faults.end();
    expect(await isFromPool(accepted)).toBe(true);
    expect(await plane.rows(Placement, { tenantId: accepted.tenant.id })).toHaveLength(1);
    expect(await plane.count(Tenant, { slug: accepted.tenant.slug })).toBe(1);
    expect((await inPool()).filter(({ acceptsTenants }) => acceptsTenants)).toHaveLength(1);
  });

  it('never begins too many planes although COMMIT fails', async () => {
    config.DEDICATED_POOL_SIZE = 2;
    const rounds = plane.app.get(PoolRounds);
    faults.begin();
    for (let round = 0; round < 6; round += 1) await rounds.sweep().catch(() => undefined);
    faults.end();
    expect(faults.count).toBeGreaterThan(0);
    await rounds.sweep();
    expect(await inPool()).toHaveLength(2);
    // The leases of workers whose COMMITs have failed expire.
    plane.clock.advance(60);
  });
});

/** On Postgres only, because a SQLite file belongs to one process. */
describe('two processes of a Control Plane', () => {
  it('fill one pool together', async () => {
    const plane = await TestControlPlane.boot('postgres');
    const second = await TestControlPlane.open(plane.database, plane.clock);
    for (const { app } of [plane, second]) {
      Object.assign(app.get(JobQueue), { wake: async () => undefined });
      // Only now, because a process fills the pool as soon as it starts.
      Object.assign(app.get(ControlPlaneConfig), { DEDICATED_POOL_SIZE: 3 });
    }
    try {
      const rounds = [plane, second].map(({ app }) => app.get(PoolRounds));
      let counting = 0;
      for (const one of rounds) {
        const counts = one.counts.bind(one);
        jest.spyOn(one, 'counts').mockImplementation(async (manager) => {
          const found = await counts(manager);
          counting += 1;
          // Without the lock, both would have counted now.
          await eventually(() => counting % 2 === 0, { timeoutMs: 500 }).catch(() => undefined);
          return found;
        });
      }
      await Promise.all(rounds.map((one) => one.sweep()));
      expect(await plane.count(TenantPlane, { poolState: 'pooled' })).toBe(3);
      expect(await plane.count(ProvisioningJob, { operation: 'warm' })).toBe(3);
    } finally {
      await second.app.close();
      await plane.close();
    }
  });
});
