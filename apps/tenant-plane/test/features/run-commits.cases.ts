import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type RunView } from '@atlas/tenant-api/automation';
import { CommitFaults, EVERY_DATABASE, FixedClock, untilAnswered } from '@atlas/testing';
import { Run } from '../../src/automation/run.entity';
import { DueWork } from '../../src/due/due-work';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const STEP = { name: 'restart', kind: 'shell', risk: 'low', config: { command: 'true' } };

describe.each(EVERY_DATABASE)('a run on %s, while COMMITs fail', (driver) => {
  const clock = new FixedClock();
  let faults: CommitFaults;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;

  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { clock, through: (url) => faults.through(url) });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    await plane.put('/api/automation/policy', { level: 3 }, admin).expect(200);
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  it('is started once, and its step is handed out once for each time that a person starts it', async () => {
    const { body: agent } = await plane.post('/api/agents', { name: 'web-1' }, admin).expect(201);
    const { body: runbook } = await plane
      .post('/api/runbooks', { name: 'R', steps: [STEP] }, admin)
      .expect(201);
    const asAgent = { host: admin.host, session: agent.key };
    const once = { ...admin, headers: { 'idempotency-key': randomUUID() } };

    faults.begin();
    const { body: run } = await untilAnswered(() => plane.post(`/api/runbooks/${runbook.id}/runs`, {}, once));
    expect(faults.count).toBeGreaterThan(0);
    faults.begin();
    const claims: { lease_id: string }[] = [];
    for (let tries = 0; claims.length === 0 && tries < 30; tries += 1) {
      const claim = await untilAnswered(() => plane.post('/api/agent/claim', undefined, asAgent));
      if (claim.status === 200) claims.push(claim.body);
      else {
        // The lease was stored, but the agent does not know it. Nobody else gets it.
        clock.advance(121);
        await plane.app.get(DueWork).sweep();
        await untilAnswered(() => plane.post(`/api/automation/jobs/${run.id}/retry`, {}, admin));
      }
    }
    expect(faults.count).toBeGreaterThan(0);
    faults.begin();
    const [lease] = claims;
    const result = { lease_id: lease?.lease_id, output: 'done', offset: 0, exit_code: 0 };
    const reported = await untilAnswered(() => plane.post('/api/agent/results', result, asAgent));
    faults.end();

    expect(reported.status).toBe(200);
    expect(faults.count).toBeGreaterThan(0);
    expect(await plane.rows(tenant, Run)).toHaveLength(1);
    const shown: RunView = (await plane.get(`/api/automation/jobs/${run.id}`, admin).expect(200)).body;
    expect(shown).toMatchObject({ status: 'succeeded', steps: [{ output_tail: 'done', output_bytes: 4 }] });
    const started = await plane.audit(tenant, 'run.step_started');
    expect(started.length).toBe(1 + (await plane.audit(tenant, 'run.step_retried')).length);
    expect((await plane.audit(tenant, 'run.ended')).at(-1)?.after).toEqual({ status: 'succeeded' });
  });
});
