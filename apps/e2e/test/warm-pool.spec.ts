import { type DriftView, type TenantPlaneView } from '@atlas/operator-api';
import { DedicatedStack, type TenantView, databasesOfLongSuite, eventually } from '@atlas/testing';

jest.setTimeout(120_000);

describe.each(databasesOfLongSuite('postgres'))('the warm pool on %s', (driver) => {
  let dedicated: DedicatedStack;
  beforeAll(async () => {
    dedicated = await DedicatedStack.start(driver, { DEDICATED_POOL_SIZE: '1' });
  });
  afterAll(() => dedicated.stop());

  const planes = async (): Promise<readonly TenantPlaneView[]> => {
    const path = '/api/tenant-planes?deployment_model=dedicated';
    return (await dedicated.stack.api<{ items: TenantPlaneView[] }>(path)).body.items;
  };
  const inPool = async () =>
    (await planes()).filter(({ pool, status }) => pool === 'pooled' && status !== 'retired');
  const ready = (): Promise<TenantPlaneView> =>
    eventually(async () => (await inPool()).find(({ accepts_tenants: isReady }) => isReady), {
      what: 'a plane is ready',
      timeoutMs: 60_000,
    });
  /** The names of the processes and, on Postgres, of the databases and roles of pooled or taken planes. */
  const existing = async (): Promise<string[]> => {
    const isWarm = (name: string) => name.startsWith('atlas_warm_');
    const running = dedicated.processes().filter(({ name }) => isWarm(name));
    const ours = running.map(({ name }) => name);
    // Other suites use the same server.
    const known = (await planes()).map(({ name }) => `atlas_${name.replaceAll('-', '_')}`);
    const onServer = (await dedicated.namesOnServer('warm')).filter((name) => known.includes(name));
    return [...ours, ...onServer].sort();
  };
  const partsOf = (name: string): string[] => {
    const made = `atlas_${name.replaceAll('-', '_')}`;
    return driver === 'postgres' ? [made, made, made] : [made];
  };

  it('gives a tenant a real plane, and refills itself', async () => {
    const { stack } = dedicated;
    const pooled = await ready();
    await stack.api('/api/reconcile', { method: 'POST' });
    const drifts = (await stack.api<{ items: DriftView[] }>('/api/drifts?resolved=false')).body.items;
    expect(drifts.filter(({ detail }) => detail.includes(pooled.name.slice(-8)))).toEqual([]);
    expect(await existing()).toEqual(partsOf(pooled.name));

    await dedicated.provision('acme');
    const tenant: TenantView = await stack.awaitActive('acme');
    expect(tenant).toMatchObject({
      tenant_plane_id: pooled.id,
      endpoint_url: pooled.endpoint_url,
      has_db_url: true,
      url: expect.stringContaining('acme.localhost'),
    });
    const at = tenant.endpoint_url ?? '';
    const session = await stack.signUp(tenant, at);
    const created = await fetch(`${at}/api/incidents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${session.token}` },
      body: JSON.stringify({ title: 'Disk is full', severity: 'P2' }),
    });
    expect(created.status).toBe(201);
    const { body } = await stack.api<{ db_url: string }>(`/api/tenants/${tenant.id}/db-url`);
    expect(body.db_url).toContain(driver === 'postgres' ? '//atlas_warm_' : 'tenant-plane.db');
    const next = await ready();
    expect(next.id).not.toBe(pooled.id);
    expect(await inPool()).toHaveLength(1);
  });

  it.each(['before', 'after-effect', 'after-record'])(
    'has one plane, and nothing else, if the Control Plane dies %s a step of the refill',
    async (moment) => {
      const { stack } = dedicated;
      await ready();
      await stack.controlPlane.end('SIGKILL');
      await stack.startControlPlane({ ATLAS_FAULT_POINT: `warm/create-pooled-plane/${moment}:kill` });
      const slug = `died-${moment}`;
      await dedicated.provision(slug);
      await stack.controlPlane.exited;
      await stack.startControlPlane();
      const { tenant_plane_id: taken } = await stack.awaitActive(slug);
      const next = await ready();
      const live = (await planes()).filter(({ status }) => status !== 'retired');
      expect(live.filter(({ pool }) => pool === 'pooled')).toEqual([next]);
      expect(live.find(({ id }) => id === taken)).toMatchObject({ pool: 'taken', tenants: 1 });
      expect(await existing()).toEqual(live.flatMap(({ name }) => partsOf(name)).sort());
    },
  );

  it('removes its planes when it is switched off, but not those of tenants', async () => {
    const { stack } = dedicated;
    await ready();
    await stack.controlPlane.end();
    await stack.startControlPlane({ DEDICATED_POOL_SIZE: '0' });
    await eventually(async () => (await inPool()).length === 0, { what: 'it is empty', timeoutMs: 60_000 });
    const taken = (await planes()).filter(({ pool, tenants }) => pool === 'taken' && tenants === 1);
    expect(taken.length).toBeGreaterThan(0);
    expect(await existing()).toEqual(taken.flatMap(({ name }) => partsOf(name)).sort());
  });
});
