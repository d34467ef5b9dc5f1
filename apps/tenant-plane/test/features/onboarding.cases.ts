import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { AlertSender } from './alert-sender.fixture';

const KEYS = ['connect_data', 'monitoring', 'slos', 'runbook', 'ai'];

interface Step {
  readonly key: string;
  readonly title: string;
  readonly status: string;
  readonly evidence: object | null;
  readonly hint: string;
}

describe.each(EVERY_DATABASE)('onboarding on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
  });

  const checklist = async (): Promise<{ steps: Step[]; progress: object; deployment: object }> =>
    (await plane.get('/api/onboarding', admin).expect(200)).body;
  const step = async (key: string): Promise<Step | undefined> =>
    (await checklist()).steps.find((one) => one.key === key);
  const skip = (key: string) =>
    plane.post(`/api/onboarding/steps/${key}/skip`, { reason: ` We do not need ${key} ` }, admin);

  it('starts with five steps in order, each with a title and a hint, and none of them done', async () => {
    const { steps, progress, deployment } = await checklist();
    expect(steps.map(({ key }) => key)).toEqual(KEYS);
    for (const { title, hint, status, evidence } of steps) {
      expect([title, hint]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)]);
      expect([status, evidence]).toEqual(['pending', null]);
    }
    expect(progress).toEqual({ completed: 0, total: 5 });
    expect(deployment).toMatchObject({ model: 'shared', hints: expect.any(Array) });
  });

  it('keeps the first configuration item as evidence of connected data', async () => {
    const first = await plane.post('/api/cmdb/items', { name: 'web-1', type: 'server' }, admin).expect(201);
    clock.advance(60);
    await plane.post('/api/cmdb/items', { name: 'web-2', type: 'server' }, admin).expect(201);
    expect(await step('connect_data')).toMatchObject({
      status: 'done',
      evidence: { kind: 'configuration_item', id: first.body.id, at: first.body.created_at },
    });
    expect((await checklist()).progress).toEqual({ completed: 1, total: 5 });
  });

  it('keeps the first run that has finished as evidence of a runbook', async () => {
    const steps = [{ name: 'look', kind: 'manual', risk: 'low', config: {} }];
    const { body: runbook } = await plane.post('/api/runbooks', { name: 'Look', steps }, admin).expect(201);
    const start = async (): Promise<string> =>
      (await plane.post(`/api/runbooks/${runbook.id}/runs`, {}, admin).expect(202)).body.id;
    const [cancelled, slow, quick] = [await start(), await start(), await start()];
    await plane.post(`/api/automation/jobs/${cancelled}/cancel`, {}, admin).expect(200);
    expect(await step('runbook')).toMatchObject({ status: 'pending', evidence: null });
    const { body } = await plane.post(`/api/automation/jobs/${quick}/complete`, {}, admin).expect(200);
    clock.advance(60);
    await plane.post(`/api/automation/jobs/${slow}/complete`, {}, admin).expect(200);
    const evidence = { kind: 'run', id: quick, at: body.finished_at };
    expect(await step('runbook')).toMatchObject({ status: 'done', evidence });
  });

  it('keeps the first data source and the first alert as evidence', async () => {
    const sender = await AlertSender.create(plane, admin);
    clock.advance(60);
    await plane.post('/api/cmdb/items', { name: 'web-1', type: 'server' }, admin).expect(201);
    expect(await step('connect_data')).toMatchObject({
      status: 'done',
      evidence: { kind: 'data_source', id: sender.source.id, at: sender.source.created_at },
    });
    expect((await step('monitoring'))?.status).toBe('pending');
    await sender.receipt({});
    const [alert] = await sender.alerts();
    expect(await step('monitoring')).toMatchObject({
      status: 'done',
      evidence: { kind: 'alert', id: alert?.id, at: alert?.starts_at },
    });
  });

  it('keeps the first service level objective as evidence', async () => {
    const wanted = { objective: 0.99, window_days: 30, indicator: { kind: 'events' } };
    const first = await plane.post('/api/slos', { ...wanted, name: 'Checkout' }, admin).expect(201);
    clock.advance(60);
    await plane.post('/api/slos', { ...wanted, name: 'Search' }, admin).expect(201);
    expect(await step('slos')).toMatchObject({
      status: 'done',
      evidence: { kind: 'slo', id: first.body.id, at: first.body.created_at },
    });
  });

  it('counts no evidence from another tenant', async () => {
    const { admin: other } = await plane.tenantWithAdmin(`other-${count}`);
    await plane.post('/api/cmdb/items', { name: 'web-1', type: 'server' }, other).expect(201);
    await plane.post('/api/onboarding/steps/ai/skip', { reason: 'No AI' }, other).expect(200);
    expect((await checklist()).progress).toEqual({ completed: 0, total: 5 });
  });

  it.each(KEYS)('allows the step %s to be skipped, and audits the skip only once', async (key) => {
    const { body } = await skip(key).expect(200);
    expect(body).toEqual(await checklist());
    const skip_reason = `We do not need ${key}`;
    expect(await step(key)).toMatchObject({ status: 'skipped', evidence: null, skip_reason });
    expect(body.progress).toEqual({ completed: 1, total: 5 });
    await skip(key).expect(200);
    const events = await plane.audit(tenant, 'onboarding.step_skipped');
    expect(events.map(({ targetId, after }) => [targetId, after])).toEqual([[key, { reason: skip_reason }]]);
  });

  it.each([undefined, {}, { reason: '' }, { reason: ' ' }, { reason: 'x'.repeat(501) }])(
    'skips no step without a reason (%j)',
    async (body) => {
      await plane.post('/api/onboarding/steps/ai/skip', body, admin).expect(400);
      expect(await step('ai')).toMatchObject({ status: 'pending', skip_reason: null });
    },
  );

  it("gives hints with the tenant's own address", async () => {
    for (const { hint } of (await checklist()).steps) expect(hint).toContain(`//${tenant.slug}.`);
  });

  it('shows a skipped step as done once it is completed', async () => {
    await skip('connect_data').expect(200);
    await plane.post('/api/cmdb/items', { name: 'web-1', type: 'server' }, admin).expect(201);
    expect((await step('connect_data'))?.status).toBe('done');
    expect((await checklist()).progress).toEqual({ completed: 1, total: 5 });
  });

  it.each(['unknown', 'AI', 'constructor', '%20'])('has no step %s', async (key) => {
    const { body } = await skip(key).expect(404);
    expect(body.code).toBe('onboarding_step_not_found');
    for (const known of KEYS) expect(body.detail).toContain(known);
  });
});
