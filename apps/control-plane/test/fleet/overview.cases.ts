import { type Overview } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { EVERY_DATABASE } from '@atlas/testing';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Drift } from '../../src/reconcile/drift.entity';
import { TenantTallies } from '../../src/registry/tenant-tallies';
import { TenantTally } from '../../src/registry/tenant-tally.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { JOBS, JobScene } from '../job-scene.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

describe.each(EVERY_DATABASE)('the overview on %s', (driver) => {
  let scene: JobScene;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
  });
  afterAll(() => scene.plane.close());

  const overview = async (): Promise<Overview> =>
    bodyOf<Overview>(await scene.plane.get('/api/overview').expect(200));

  it('counts tenants by status and model, planes by health, and the places in cells', async () => {
    const { plane } = scene;
    const nothing = await overview();
    expect(nothing).toEqual({
      tenants: [],
      jobs: { needing_attention: 0, live: 0 },
      planes: { online: 1, offline: 0, unknown: 0, behind: expect.any(Number), expected: 0 },
      cells: { count: 1, capacity: expect.any(Number), tenants: 0 },
      pool: { wanted: 0, ready: 0, preparing: 0 },
      drifts: 0,
    });
    const { id } = await scene.waiting();
    const hybrid = { name: 'Both', deployment_model: 'hybrid', admin_email: 'a@both.example.com' };
    await plane.post('/api/tenants/provision', hybrid).expect(202);
    const some = await overview();
    expect(some.tenants).toEqual([
      { status: 'provisioning', deployment_model: 'hybrid', count: 1 },
      { status: 'provisioning', deployment_model: 'shared', count: 1 },
    ]);
    expect([some.jobs.live, some.planes.expected, some.cells.tenants]).toEqual([2, 1, 1]);
    await plane.change(TenantPlane, { id: scene.cell.id }, { lastReportAt: new Date(0), version: '0.0.1' });
    await plane.change(Tenant, { id }, { status: 'suspended' });
    const later = await overview();
    expect(later.planes).toMatchObject({ online: 0, offline: 1, behind: nothing.planes.behind + 1 });
    expect(later.tenants).toContainEqual({ status: 'suspended', deployment_model: 'shared', count: 1 });
  });

  it('counts a failed job until somebody dismisses it or a later job concerns the same tenant', async () => {
    const { plane } = scene;
    const { id, job } = await scene.waiting();
    const attention = async () => (await overview()).jobs.needing_attention;
    const before = await attention();
    await plane.change(ProvisioningJob, { id: job }, { status: 'failed' });
    expect(await attention()).toBe(before + 1);
    await plane.change(ProvisioningJob, { id: job }, { isDismissed: true });
    expect(await attention()).toBe(before);
    await plane.change(ProvisioningJob, { id: job }, { isDismissed: false });
    await plane.change(Tenant, { id }, { status: 'failed' });
    await plane.post(`/api/tenants/${id}/deprovision`, { confirm_slug: await slugOf(id) }).expect(202);
    expect(await attention()).toBe(before);
  });

  it('counts a cancelled job while it leaves its tenant halfway', async () => {
    const { plane } = scene;
    const attention = async () => (await overview()).jobs.needing_attention;
    const before = await attention();
    const { job } = await scene.waiting();
    await plane.post(`${JOBS}/${job}/cancel`).expect(202);
    expect(await attention()).toBe(before + 1);
    await plane.post(`${JOBS}/${job}/rollback`).expect(202);
    await scene.reaches(job, 'cancelled');
    expect(await attention()).toBe(before);
  });

  it('does not count a job that was undone when it was cancelled', async () => {
    const { plane } = scene;
    const attention = async () => (await overview()).jobs.needing_attention;
    const before = await attention();
    const { id, job } = await scene.waiting();
    await plane.change(ProvisioningJob, { id: job }, { operation: 'restore', status: 'cancelled' });
    await plane.change(Tenant, { id }, { status: 'deprovisioning' });
    expect(await attention()).toBe(before);
    await plane.change(ProvisioningJob, { id: job }, { operation: 'deprovision' });
    expect(await attention()).toBe(before + 1);
  });

  it('counts a tenant once, however often its status changes, and adds up what it counted', async () => {
    const { plane } = scene;
    const { id } = await scene.waiting();
    const before = (await overview()).tenants;
    for (let n = 0; n < 300; n += 1)
      await plane.change(Tenant, { id }, { status: n % 2 === 0 ? 'suspended' : 'provisioning' });
    expect((await overview()).tenants).toEqual(before);
    expect(await plane.count(TenantTally)).toBeGreaterThan(500);
    const tallies = plane.app.get(TenantTallies);
    await Promise.all([tallies.sweep(), tallies.sweep(), plane.change(Tenant, { id }, { status: 'failed' })]);
    expect(await plane.count(TenantTally)).toBeLessThan(20);
    const now = (await overview()).tenants;
    expect(now).toContainEqual({ status: 'failed', deployment_model: 'shared', count: expect.any(Number) });
    const tenants = await plane.rows(Tenant);
    for (const { status, deployment_model: model, count } of now)
      expect(tenants.filter((one) => one.status === status && one.deploymentModel === model)).toHaveLength(
        count,
      );
    expect(now.reduce((sum, { count }) => sum + count, 0)).toBe(tenants.length);
  });

  it('counts no tenant whose transaction fails', async () => {
    const before = (await overview()).tenants;
    const broken = scene.plane.app.get(Database).write(async (manager) => {
      await manager.update(Tenant, { holdsSlug: true }, { status: 'deleted' });
      throw new Error('broken');
    });
    await expect(broken).rejects.toThrow('broken');
    expect((await overview()).tenants).toEqual(before);
  });

  it('counts drifts until they are resolved', async () => {
    const { plane } = scene;
    const { drifts } = await overview();
    const seen = { firstSeenAt: new Date(), lastSeenAt: new Date(), detail: '', repaired: false };
    const one = { kind: 'plane_behind', subjectKind: 'tenant_plane' as const, failedRepairs: 0, ...seen };
    await plane.insert(Drift, { ...one, id: scene.cell.id, subjectId: 'a', resolvedAt: null });
    expect((await overview()).drifts).toBe(drifts + 1);
    await plane.change(Drift, { subjectId: 'a' }, { resolvedAt: new Date() });
    expect((await overview()).drifts).toBe(drifts);
  });

  it('is shown only to those who may read tenants', async () => {
    const token = await scene.plane.createApiKey(['planes:read']);
    expect(refusal(await scene.plane.get('/api/overview', { token }))).toEqual([403, 'forbidden']);
  });

  const slugOf = async (id: string): Promise<string> =>
    (await scene.plane.rows(Tenant, { id }))[0]?.slug ?? '';
});
