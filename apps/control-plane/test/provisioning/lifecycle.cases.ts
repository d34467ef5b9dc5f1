import { StepFailure, wait } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { type TenantStatus } from '@atlas/tenancy';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { DesiredStates } from '../../src/desired-state/desired-states';
import { OldCopies } from '../../src/operations/remove-copy/old-copies';
import { PurgeCopyStep } from '../../src/operations/remove-copy/purge-copy.step';
import { ResumeStep } from '../../src/operations/suspend/resume.step';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Placement } from '../../src/registry/placement.entity';
import { reservedPlacement } from '../../src/registry/placements';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { changeTenantStatus } from '../../src/registry/tenant-status';
import { JOBS, JobScene } from '../job-scene.fixture';
import { refusal } from '../plane-simulator.fixture';

const BROKEN = new StepFailure('operator', 'broken', 'It broke.', 'Operator: fix it.');
const NOT_SUSPENDED = { suspended_at: null, suspension_reason: null };
const KEY = { headers: { 'idempotency-key': 'suspend-once' } };

describe.each(EVERY_DATABASE)('an active tenant on %s', (driver) => {
  let scene: JobScene;
  let id: string;
  beforeAll(async () => (scene = await JobScene.set(driver)));
  afterAll(() => scene.plane.close());
  beforeEach(async () => {
    const { body } = await scene.plane.provision().expect(202);
    id = body.tenant.id;
    await scene.cell.serve(id);
    await scene.reaches(body.job.id, 'succeeded');
  });

  const act = (operation: string, body: object = {}, options = {}) =>
    scene.plane.post(`/api/tenants/${id}/${operation}`, body, options);
  const statusOf = async (): Promise<unknown> => (await scene.tenant(id))['status'];
  /** Waits until the cell has pulled this status. */
  const pulled = (status: string): Promise<boolean> =>
    eventually(async () => {
      await scene.cell.pull();
      return scene.cell.tenants.get(id)?.status === status;
    });
  const perform = async (operation: string, status: string): Promise<void> => {
    const { body } = await act(operation).expect(202);
    await pulled(status);
    await scene.report(id, 'applied');
    await scene.reaches(body.job.id, 'succeeded');
  };

  it('cannot change to a status that is not allowed after its current one', async () => {
    const database = scene.plane.app.get(Database);
    const change = (status: TenantStatus) =>
      database.write((manager) => changeTenantStatus(manager, id, status, { region: 'moon' }));
    await expect(change('provisioning')).rejects.toThrow(
      'cannot change from its current status to provisioning',
    );
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', region: null });
    // The same status may be set again, because a step may run twice.
    await change('active');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', region: 'moon' });
  });

  it('is suspended and resumed by jobs that succeed once its plane has reported', async () => {
    const accepted = await act('suspend', { reason: 'unpaid' }).expect(202);
    const { job } = accepted.body;
    expect(accepted.headers['location']).toBe(`/api/provisioning-jobs/${job.id}`);
    expect(job).toMatchObject({ operation: 'suspend', tenant_id: id });
    await pulled('suspended');
    await scene.reaches(job.id, 'waiting');
    expect(await statusOf()).toBe('suspended');
    await scene.report(id, 'applied');
    await scene.reaches(job.id, 'succeeded');
    const since = scene.plane.clock.now().toISOString();
    expect(await scene.tenant(id)).toMatchObject({ suspended_at: since, suspension_reason: 'unpaid' });
    const [event] = await scene.plane.rows(AuditEvent, { action: 'tenant.suspend', targetId: id });
    expect(event).toMatchObject({
      before: { status: 'active' },
      after: { reason: 'unpaid', job_id: job.id },
    });

    await perform('resume', 'active');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', ...NOT_SUSPENDED });
  });

  it('says again since when and why it is suspended after its resumption is rolled back', async () => {
    const accepted = await act('suspend', { reason: 'unpaid' }).expect(202);
    await pulled('suspended');
    await scene.report(id, 'applied');
    await scene.reaches(accepted.body.job.id, 'succeeded');
    const before = await scene.tenant(id);
    const { job } = (await act('resume').expect(202)).body;
    await pulled('active');
    await scene.act(job.id, 'cancel').expect(202);
    await scene.act(job.id, 'rollback').expect(202);
    await scene.reaches(job.id, 'cancelled');
    const { suspended_at, suspension_reason } = before;
    expect(await scene.tenant(id)).toMatchObject({ status: 'suspended', suspended_at, suspension_reason });
    expect(suspension_reason).toBe('unpaid');
  });

  it('is given no removal job if its old copy disappears after the sweep has found it', async () => {
    const [place] = await scene.plane.rows(Placement, { tenantId: id });
    jest.spyOn(scene.plane.app.get(Database), 'read').mockResolvedValueOnce([place]);
    await scene.plane.app.get(OldCopies).sweep();
    expect(await scene.plane.count(ProvisioningJob, { tenantId: id, operation: 'remove_copy' })).toBe(0);
  });

  describe('with an old copy that is due for removal', () => {
    const removals = () => scene.plane.rows(ProvisioningJob, { tenantId: id, operation: 'remove_copy' });
    const sweep = () => scene.plane.app.get(OldCopies).sweep();
    const leftBehind = async (): Promise<string> => {
      const { id: tenantPlaneId } = await scene.plane.registerCell();
      const removeAfter = scene.plane.clock.now();
      const place = reservedPlacement({ tenantId: id, tenantPlaneId, createdAt: removeAfter }, 'serving');
      const old = { phase: 'retired', holdsPlace: false, removeAfter } as const;
      await scene.plane.insert(Placement, { ...place, ...old });
      return tenantPlaneId;
    };

    it('keeps the old copy until the home reports that it serves the tenant', async () => {
      await leftBehind();
      const [home] = await scene.plane.rows(Placement, { tenantId: id, holdsPlace: true });
      const database = scene.plane.app.get(Database);
      const states = scene.plane.app.get(DesiredStates);
      await database.write((manager) => states.publish(manager, home as Placement));
      await sweep();
      expect(await removals()).toEqual([]);
      await scene.cell.pull();
      await scene.report(id, 'applied');
      await sweep();
      expect(await removals()).toHaveLength(1);
    });

    it('is given no new removal job while an operator can still retry the failed one', async () => {
      const places = [await leftBehind(), await leftBehind()];
      const failing = jest.spyOn(scene.plane.app.get(PurgeCopyStep), 'run').mockRejectedValue(BROKEN);
      for (const count of [1, 2, 2, 2]) {
        await sweep();
        await eventually(async () => (await removals()).every(({ status }) => status === 'failed'));
        expect(await removals()).toHaveLength(count);
      }
      failing.mockRestore();
      const failed = await removals();
      expect(failed.map(({ params }) => params['tenant_plane_id']).sort()).toEqual(places.sort());
      await scene.act(failed[0]?.id ?? '', 'retry').expect(202);
      await scene.reaches(failed[0]?.id ?? '', 'waiting');
    });

    it('is given no new removal job while an operator can still retry the cancelled one', async () => {
      await leftBehind();
      const later = new Date(scene.plane.clock.now().getTime() + 60_000);
      jest.spyOn(scene.plane.app.get(PurgeCopyStep), 'run').mockResolvedValueOnce(wait('nothing', later));
      await sweep();
      const [{ id: removal = '' } = {}] = await removals();
      await scene.reaches(removal, 'waiting');
      await scene.act(removal, 'cancel').expect(202);
      await sweep();
      expect(await removals()).toHaveLength(1);
      await scene.act(removal, 'retry').expect(202);
      await eventually(async () => (await scene.statesOf(removal))[2] === 'waiting');
    });

    it('is given another removal job once the failed one can no longer be retried', async () => {
      await leftBehind();
      jest.spyOn(scene.plane.app.get(PurgeCopyStep), 'run').mockRejectedValueOnce(BROKEN);
      await sweep();
      const [failed] = await removals();
      await scene.reaches(failed?.id ?? '', 'failed');
      await perform('suspend', 'suspended');
      expect(refusal(await scene.act(failed?.id ?? '', 'retry'))).toEqual([409, 'invalid_transition']);
      await sweep();
      expect(await removals()).toHaveLength(2);
    });

    it("keeps the old copy while the tenant's home is not enrolled", async () => {
      await leftBehind();
      const cell = { id: scene.cell.id };
      await scene.plane.change(TenantPlane, cell, { status: 'expected' });
      await sweep();
      await scene.plane.change(TenantPlane, cell, { status: 'enrolled' });
      expect(await removals()).toEqual([]);
    });
  });

  it('is active again after its suspension is rolled back', async () => {
    const { job } = (await act('suspend').expect(202)).body;
    await pulled('suspended');
    const needsAttention = async () =>
      (await scene.plane.get(`${JOBS}?needs_attention=true&tenant_id=${id}`)).body.items.length;
    expect(await needsAttention()).toBe(0);
    await scene.act(job.id, 'cancel').expect(202);
    expect(await statusOf()).toBe('suspended');
    expect(await needsAttention()).toBe(1);
    await scene.report(id, 'applied');
    expect(await needsAttention()).toBe(0);
    await scene.act(job.id, 'rollback').expect(202);
    await pulled('active');
    await scene.reaches(job.id, 'cancelled');
    expect(await scene.tenant(id)).toMatchObject({ status: 'active', ...NOT_SUSPENDED });
    expect(await needsAttention()).toBe(0);
  });

  it('stays suspended as it was if its resumption is rolled back before it began', async () => {
    await perform('suspend', 'suspended');
    const { suspended_at, suspension_reason } = await scene.tenant(id);
    expect(suspended_at).not.toBeNull();
    scene.oneByOne();
    jest.spyOn(scene.plane.app.get(ResumeStep), 'run').mockRejectedValueOnce(BROKEN);
    const { job } = (await act('resume').expect(202)).body;
    await scene.reaches(job.id, 'failed');
    await scene.act(job.id, 'rollback').expect(202);
    await scene.reaches(job.id, 'cancelled');
    expect(await scene.tenant(id)).toMatchObject({ status: 'suspended', suspended_at, suspension_reason });
  });

  it('is not changed by a dry run, which returns a plan', async () => {
    const before = await scene.plane.count(ProvisioningJob);
    const { body } = await scene.plane.post(`/api/tenants/${id}/suspend?dry_run=true`, {}).expect(200);
    expect(body.plan.steps.map(({ name }: { name: string }) => name)).toEqual(['suspend', 'await-report']);
    expect(await scene.plane.count(ProvisioningJob)).toBe(before);
    expect(await statusOf()).toBe('active');
  });

  it('allows only one operation at a time', async () => {
    await act('suspend').expect(202);
    await pulled('suspended');
    expect(refusal(await act('resume'))).toEqual([409, 'operation_in_progress']);
  });

  it('refuses an operation that does not fit its status', async () => {
    expect(refusal(await act('resume'))).toEqual([409, 'invalid_transition']);
    await perform('suspend', 'suspended');
    const again = await act('suspend');
    expect(refusal(again)).toEqual([409, 'invalid_transition']);
    expect(again.body.detail).toMatch(
      /^Tenant ".+" is suspended\. The operation suspend requires a tenant that is /,
    );
    expect(again.body.detail).toMatch(/that is active\. To use the tenant again, resume it\.$/);
    const path = `/api/tenants/${id}/suspend?dry_run=true`;
    expect(refusal(await scene.plane.post(path, {}))).toEqual([409, 'invalid_transition']);
  });

  it('is suspended only once by repeated requests with the same idempotency key', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => act('suspend', {}, KEY)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(refusal(await act('suspend', { reason: 'another' }, KEY))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
  });

  it('can be changed, and its plane receives the change', async () => {
    const changes = { name: ' New Name ', plan: 'enterprise', settings: { theme: 'dark', beta: true } };
    const { body } = await scene.plane.patch(`/api/tenants/${id}`, changes).expect(200);
    expect(body).toMatchObject({ name: 'New Name', plan: 'enterprise', settings: { theme: 'dark' } });
    await eventually(async () => {
      await scene.cell.pull();
      return scene.cell.tenants.get(id)?.plan === 'enterprise';
    });
    const [event] = await scene.plane.rows(AuditEvent, { action: 'tenant.updated', targetId: id });
    expect(event).toMatchObject({ before: { plan: 'core' }, after: { plan: 'enterprise' } });
    const cleared = await scene.plane.patch(`/api/tenants/${id}`, { settings: { beta: null } }).expect(200);
    expect(cleared.body.settings).toEqual({ theme: 'dark' });
  });

  describe('its settings', () => {
    const set = (settings: object) => scene.plane.patch(`/api/tenants/${id}`, { settings });
    const settingsNow = async (): Promise<Record<string, unknown>> =>
      (await scene.plane.get(`/api/tenants/${id}`).expect(200)).body.settings;
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    beforeEach(() => set(Object.fromEntries(keys.map((key) => [key, null]))).expect(200));

    it('may contain up to 10,000 characters in total, across any number of patches', async () => {
      await set({ a: 'x'.repeat(6000) }).expect(200);
      const before = await settingsNow();
      const { body } = await set({ b: 'x'.repeat(6000) }).expect(400);
      const size = JSON.stringify({ ...before, b: 'x'.repeat(6000) }).length;
      expect(body).toMatchObject({
        code: 'validation_failed',
        errors: [{ field: 'settings', message: expect.stringContaining(`would have ${size} characters`) }],
      });
      expect(await settingsNow()).toEqual(before);
      await set({ a: null, b: 'x'.repeat(6000) }).expect(200);
    });

    it('stay within 10,000 characters, and keep every accepted patch, under concurrent patches', async () => {
      const answers = await Promise.all(keys.map((key) => set({ [key]: 'x'.repeat(3000) })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 400, 400, 400]);
      const accepted = keys.filter((_, i) => answers[i]?.status === 200);
      const kept = await settingsNow();
      expect(keys.filter((key) => key in kept)).toEqual(accepted);
      expect(JSON.stringify(kept).length).toBeLessThanOrEqual(10_000);
    });

    it.each(['toString', 'valueOf', 'hasOwnProperty', 'constructor', '__proto__'])(
      'cannot contain the reserved property name %s',
      async (name) => {
        const { body } = await set(JSON.parse(`{"theme": {"${name}": 1}}`) as object).expect(400);
        expect(body.errors).toEqual([
          { field: `settings.theme.${name}`, message: expect.stringContaining('reserved property name') },
        ]);
      },
    );
  });

  it.each([
    ['a blank name', { name: '  ' }, 'name'],
    ['an unknown plan', { plan: 'gold' }, 'plan'],
    ['settings that are a list', { settings: [] }, 'settings'],
    ['a fixed setting', { settings: { database_driver: 'sqlite' } }, 'settings'],
    ['settings that are too large', { settings: { text: 'x'.repeat(10_001) } }, 'settings'],
    ['its slug', { slug: 'another' }, 'slug'],
  ])('refuses a change to %s', async (_, changes, field) => {
    const answer = await scene.plane.patch(`/api/tenants/${id}`, changes).expect(400);
    expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
  });

  it('can be suspended or changed only with the scope tenants:write', async () => {
    const token = await scene.plane.createApiKey(['tenants:read']);
    expect(refusal(await act('suspend', {}, { token }))).toEqual([403, 'forbidden']);
    expect(refusal(await scene.plane.patch(`/api/tenants/${id}`, {}, { token }))).toEqual([403, 'forbidden']);
  });

  it('is not suspended or resumed by a request with an unknown id (404)', async () => {
    id = '00000000-0000-7000-8000-000000000000';
    for (const operation of ['suspend', 'resume'])
      expect(refusal(await act(operation))).toEqual([404, 'tenant_not_found']);
  });
});
