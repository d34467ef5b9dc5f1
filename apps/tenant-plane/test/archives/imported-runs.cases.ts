import { type DesiredTenant } from '@atlas/plane-contract';
import { type RunView } from '@atlas/tenant-api/automation';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { type Files, archiveOf, imported, rewritten, rowsIn, unpacked } from './archive.fixture';

const MANUAL = { name: 'look', kind: 'manual', risk: 'low', config: {} };
const SHELL = { name: 'restart', kind: 'shell', risk: 'low', config: { command: 'true' } };
const POLICY = { level: 3, overrides: [{ ci_type: 'server', risk: 'low', level: 5 }] };

describe.each(EVERY_DATABASE)('runs, agents and the policy in an archive on %s', (driver) => {
  let plane: TestTenantPlane;
  let owner: CallOptions;
  let archive: Buffer;
  let files: Files;
  let target: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock: new FixedClock() });
    ({ admin: owner } = await plane.tenantWithAdmin('source'));
    await plane.put('/api/automation/policy', POLICY, owner).expect(200);
    const done = await start([MANUAL]);
    await plane.post(`/api/automation/jobs/${done.id}/complete`, {}, owner).expect(200);
    await start([MANUAL, SHELL]);
    const { key } = await agent(owner);
    const running = await start([SHELL, SHELL].map((step, at) => ({ ...step, name: `restart ${at}` })));
    const { body: lease } = await claim(key, owner);
    expect(lease.job_id).toBe(running.id);
    const output = { lease_id: lease.lease_id, output: 'half a' };
    await plane.post('/api/agent/results', output, { ...owner, session: key }).expect(200);
    await start([SHELL]);
    archive = await archiveOf(plane, owner);
    files = unpacked(archive);
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant: target, admin } = await plane.tenantWithAdmin(`target-${(count += 1)}`));
  });

  const start = async (steps: object[]): Promise<RunView> => {
    const { body } = await plane.post('/api/runbooks', { name: 'Restart', steps }, owner).expect(201);
    return (await plane.post(`/api/runbooks/${body.id}/runs`, {}, owner).expect(202)).body;
  };
  const agent = async (by: CallOptions) =>
    (await plane.post('/api/agents', { name: 'web-1', labels: {} }, by).expect(201)).body;
  const claim = (key: string, { host }: CallOptions) =>
    plane.post('/api/agent/claim', undefined, { host, session: key });
  const runs = async (): Promise<RunView[]> =>
    (await plane.get('/api/automation/jobs', admin).expect(200)).body.items;
  const statuses = (all: readonly RunView[]): string[][] =>
    all.map(({ status, steps }) => [status, ...steps.map((step) => step.status)]).reverse();

  it('are imported row by row, except runs that had not ended', async () => {
    expect(await imported(plane, archive, admin)).toMatchObject({ status: 'ready', failure: null });
    const again = unpacked(await archiveOf(plane, admin));
    for (const table of [
      'automation_policies',
      'automation_outputs',
      'agents',
      'runbooks',
      'runbook_versions',
    ])
      expect([table, String(again[`${table}.ndjson`])]).toEqual([table, String(files[`${table}.ndjson`])]);
    for (const table of ['automation_runs', 'automation_steps']) {
      const same = rowsIn(files, table).filter(({ status }) => status === 'succeeded');
      expect(same).toHaveLength(1);
      expect(rowsIn(again, table)).toEqual(expect.arrayContaining(same));
    }
    expect(statuses(await runs())).toEqual([
      ['succeeded', 'succeeded'],
      ['cancelled', 'cancelled', 'cancelled'],
      ['cancelled', 'cancelled', 'cancelled'],
      ['cancelled', 'cancelled'],
    ]);
    const errors = (await runs()).map(({ steps }) => steps.map(({ error }) => error?.code ?? null)).reverse();
    expect(errors).toEqual([[null], ['imported', null], ['outcome_unknown', null], ['imported']]);
    expect((await plane.get('/api/automation/policy', admin).expect(200)).body).toEqual(POLICY);
  });

  it('give an agent nothing to do, and let it call once its key is rotated', async () => {
    await imported(plane, archive, admin);
    const [{ id } = { id: '' }] = rowsIn(files, 'agents');
    const { body } = await plane.post(`/api/agents/${String(id)}/rotate-key`, undefined, admin).expect(200);
    expect((await claim(body.key, admin)).status).toBe(204);
  });

  it('start nothing, even if the archive contains an ended run whose step waits for an agent', async () => {
    const forged = rewritten(files, 'automation_runs', (rows) =>
      rows.map((row) => ({ ...row, status: 'failed' })),
    );
    expect(await imported(plane, forged, admin)).toMatchObject({ status: 'ready' });
    const { key } = await agent(admin);
    expect((await claim(key, admin)).status).toBe(204);
    expect(statuses(await runs()).flat()).not.toContain('queued');
    expect(target.slug).toBe(`target-${count}`);
  });
});
