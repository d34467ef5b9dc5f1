import { databasesOfLongSuite } from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';
import { QUICK_ROTATION, SecretRotation } from './secret-rotation.fixture';

jest.setTimeout(90_000);

describe.each(databasesOfLongSuite('sqlite'))('on %s, provisioning interrupted by kill -9', (driver) => {
  let planes: BothPlanes;
  beforeAll(async () => {
    planes = await startBothPlanes(driver, QUICK_ROTATION);
  });
  afterAll(() => planes.stop());

  /** Expects exactly one tenant and one job. */
  async function expectProvisionedOnce(slug: string): Promise<void> {
    const { stack } = planes;
    const tenant = await stack.awaitActive(slug, 45_000);
    const tenants = await stack.api<{ items: { name: string }[] }>('/api/tenants?limit=200');
    expect(tenants.body.items.filter((one) => one.name === `Tenant ${slug}`)).toHaveLength(1);
    const jobs = await stack.api<{ items: { status: string }[] }>(
      `/api/provisioning-jobs?tenant_id=${tenant.id}`,
    );
    expect(jobs.body.items.map((job) => job.status)).toEqual(['succeeded']);
    expect((await stack.tenant(slug, '/api/tenant-default')).status).toBe(200);
  }

  it('continues when the tenant plane is back', async () => {
    await planes.killTenantPlane();
    await planes.stack.provision('without-tenant-plane');
    await planes.restartTenantPlane();
    await expectProvisionedOnce('without-tenant-plane');
  });

  // On Postgres, a dead worker's lease takes 15 s to expire. The next test also waits for that, so this test
  // is skipped there.
  if (driver === 'sqlite') {
    it('continues when the Control Plane is back', async () => {
      const { stack } = planes;
      await stack.controlPlane.end('SIGKILL');
      const doomed = await stack.startControlPlane({
        ATLAS_FAULT_POINT: 'provision/write-desired-state/after-record:kill',
      });
      await stack.provision('without-control-plane').catch(() => undefined);
      await doomed.exited;
      await stack.startControlPlane();
      await expectProvisionedOnce('without-control-plane');
    });
  }

  it('continues when both planes are back, as does a rotation of their shared secret', async () => {
    const { stack } = planes;
    await stack.controlPlane.end('SIGKILL');
    const doomed = await stack.startControlPlane({
      ATLAS_FAULT_POINT: 'provision/await-report/before:kill',
    });
    const rotation = await SecretRotation.begin(planes);
    await planes.tenantPlane().line(/next service secret is stored/);
    await Promise.all([
      planes.killTenantPlane(),
      stack.provision('without-both').catch(() => undefined),
      doomed.exited,
    ]);
    await stack.startControlPlane();
    await planes.restartTenantPlane();
    await expectProvisionedOnce('without-both');
    await rotation.succeeded();
    expect(rotation.keys.after).toEqual([expect.not.stringContaining(rotation.keys.before)]);
    expect(planes.tenantPlane().output()).not.toContain('bad_signature');
  });
});
