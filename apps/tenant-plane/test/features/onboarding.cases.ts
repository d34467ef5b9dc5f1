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
  const skip = (key: string) => plane.post(`/api/onboarding/steps/${key}/skip`, undefined, admin);

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

  it('counts no evidence from another tenant', async () => {
    const { admin: other } = await plane.tenantWithAdmin(`other-${count}`);
    await plane.post('/api/cmdb/items', { name: 'web-1', type: 'server' }, other).expect(201);
    await plane.post('/api/onboarding/steps/ai/skip', undefined, other).expect(200);
    expect((await checklist()).progress).toEqual({ completed: 0, total: 5 });
  });

  it.each(KEYS)('allows the step %s to be skipped, and audits the skip only once', async (key) => {
    const { body } = await skip(key).expect(200);
    expect(body).toEqual(await checklist());
    expect(await step(key)).toMatchObject({ status: 'skipped', evidence: null });
    expect(body.progress).toEqual({ completed: 1, total: 5 });
    await skip(key).expect(200);
    const events = await plane.audit(tenant, 'onboarding.step_skipped');
    expect(events.map(({ targetId }) => targetId)).toEqual([key]);
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
