import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type RunPlanView, type RunView } from '@atlas/tenant-api/automation';
import { EVERY_DATABASE } from '@atlas/testing';
import { Audit } from '../../src/audit/audit';
import { Run } from '../../src/automation/run.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

type Caller = SignedInUser & CallOptions;

const MANUAL = { name: 'look', kind: 'manual', risk: 'low', config: {} };
const shell = (risk: string, name = risk): object => ({
  name,
  kind: 'shell',
  risk,
  config: { command: 'true' },
});

describe.each(EVERY_DATABASE)('runs of runbooks on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: Caller;
  let count = 0;

  beforeAll(async () => (plane = await TestTenantPlane.boot(driver)));
  afterAll(() => plane.close());
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`)));

  const member = async (role: 'admin' | 'operator'): Promise<Caller> => ({
    ...(await plane.user(tenant, role)),
    host: admin.host,
  });
  const runbook = async (steps: object[], fields: object = {}): Promise<string> =>
    (await plane.post('/api/runbooks', { name: 'Restart', steps, ...fields }, admin).expect(201)).body.id;
  const request = (runbookId: string, body: object = {}, by: CallOptions = admin) =>
    plane.post(`/api/runbooks/${runbookId}/runs`, body, by);
  const start = async (
    steps: object[],
    body: object = {},
    by: CallOptions = admin,
    fields: object = {},
  ): Promise<RunView> => (await request(await runbook(steps, fields), body, by).expect(202)).body;
  const act = (run: { id: string }, action: string, body: object = {}, by: CallOptions = admin) =>
    plane.post(`/api/automation/jobs/${run.id}/${action}`, body, by);
  const show = async ({ id }: { id: string }): Promise<RunView> =>
    (await plane.get(`/api/automation/jobs/${id}`, admin).expect(200)).body;
  const setLevel = (level: number, overrides: object[] = []) =>
    plane.put('/api/automation/policy', { level, overrides }, admin).expect(200);
  const statuses = ({ status, steps }: RunView): string[] => [status, ...steps.map((step) => step.status)];
  const refusal = ({ status, body }: { status: number; body: { code: string } }) => [status, body.code];

  it('show in a dry run which steps wait for approval, and why, without starting anything', async () => {
    const id = await runbook([MANUAL, shell('low'), shell('high'), shell('critical')]);
    await setLevel(2);
    const { body } = await request(id, { dry_run: true }).expect(200);
    expect(
      body.steps.map(({ name, needs_approval }: RunPlanView['steps'][0]) => [name, needs_approval]),
    ).toEqual([
      ['look', false],
      ['low', false],
      ['high', true],
      ['critical', true],
    ]);
    for (const step of body.steps) expect(step.reason).toMatch(/\.$/);
    expect(await plane.rows(tenant, Run)).toEqual([]);
  });

  it('do a dry run even if its key was used for one before', async () => {
    const id = await runbook([MANUAL]);
    const once = { ...admin, headers: { 'idempotency-key': 'run' } };
    for (let time = 0; time < 2; time += 1) await request(id, { dry_run: true }, once).expect(200);
    await request(id, {}, once).expect(202);
  });

  it('are started once if the request is repeated with its key', async () => {
    const id = await runbook([MANUAL]);
    const once = { ...admin, headers: { 'idempotency-key': 'run' } };
    const [first, second] = [
      await request(id, {}, once).expect(202),
      await request(id, {}, once).expect(202),
    ];
    expect(second.body).toEqual(first.body);
    expect(second.headers['location']).toBe(`/api/automation/jobs/${first.body.id}`);
    expect(await plane.rows(tenant, Run)).toHaveLength(1);
  });

  it('show what their steps do, with the parameters filled in, but not in lists', async () => {
    const steps = [
      { ...MANUAL, config: { instructions: 'Is {{host}} really down?' } },
      { ...shell('low'), config: { command: 'login', args: ['{{host}}', '{{password}}'] } },
    ];
    const parameters = [{ name: 'host' }, { name: 'password', secret: true }];
    const values = { host: 'web-1', password: 'correct horse' };
    const run = await start(steps, { parameters: values }, admin, { parameters });
    const configs = [
      { instructions: 'Is web-1 really down?' },
      { command: 'login', args: ['web-1', '[secret]'], shell: false },
    ];
    expect((await show(run)).steps.map(({ config }) => config)).toEqual(configs);
    const { body } = await plane.get('/api/automation/jobs', admin).expect(200);
    expect(body.items[0].steps.map(({ config }: RunView['steps'][0]) => config)).toEqual([null, null]);
  });

  it('go through manual steps, one after the other, as people complete them', async () => {
    const run = await start([MANUAL, { ...MANUAL, name: 'write down' }]);
    expect(statuses(run)).toEqual(['waiting_manual', 'waiting_manual', 'pending']);
    expect(refusal(await act(run, 'complete', { step: 'write down' }))).toEqual([409, 'step_not_waiting']);
    const { body: half } = await act(run, 'complete', { step: 'look' }).expect(200);
    expect(statuses(half)).toEqual(['waiting_manual', 'succeeded', 'waiting_manual']);
    const { body: done } = await plane.post(`/api/automation/jobs/${run.id}/complete`, undefined, admin);
    expect(statuses(done)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await show(run)).toEqual(done);
    expect(refusal(await act(run, 'complete'))).toEqual([409, 'run_ended']);
    const actions = (await plane.audit(tenant)).map(({ action }) => action);
    expect(actions.slice(1)).toEqual([
      'run.requested',
      'run.step_completed',
      'run.step_completed',
      'run.ended',
    ]);
  });

  it.each(['complete', 'retry'])(
    'follow a decision once if it is repeated with its key: %s',
    async (action) => {
      const { key } = (await plane.post('/api/agents', { name: 'a' }, admin).expect(201)).body;
      const call = (path: string, body: object = {}) =>
        plane.post(`/api/agent/${path}`, body, { session: key }).expect(200);
      const fail = async (): Promise<void> => {
        const { lease_id } = (await call('claim')).body;
        await call('results', { lease_id, output: 'no', exit_code: 1 });
      };
      await setLevel(5);
      const run = await start(action === 'retry' ? [shell('low')] : [MANUAL, { ...MANUAL, name: 'again' }]);
      if (action === 'retry') await fail();
      const once = { ...admin, headers: { 'idempotency-key': randomUUID() } };
      const { body: first } = await act(run, action, {}, once).expect(200);
      if (action === 'retry') await fail();
      const { body: second } = await act(run, action, {}, once).expect(200);
      expect(statuses(second)).toEqual(statuses(first));
      expect(statuses(await show(run))).toEqual(
        action === 'retry' ? ['failed', 'failed'] : ['waiting_manual', 'succeeded', 'waiting_manual'],
      );
    },
  );

  it('keep the version and the parameters that they were started with', async () => {
    const steps = [{ ...shell('low', 'ping'), config: { command: 'ping', args: ['{{host}}'] } }];
    const parameters = [{ name: 'host', required: true }];
    const id = await runbook(steps, { parameters });
    expect(refusal(await request(id))).toEqual([422, 'invalid_parameters']);
    expect(refusal(await request(id, { dry_run: true }))).toEqual([422, 'invalid_parameters']);
    const { body } = await request(id, { parameters: { host: 'web-1' } }).expect(202);
    await plane.put(`/api/runbooks/${id}`, { name: 'Other', steps: [MANUAL] }, admin).expect(200);
    expect(await show(body)).toMatchObject({
      runbook_version: 1,
      parameters: { host: 'web-1' },
      steps: [{ name: 'ping' }],
    });
  });

  it('cannot be started with values that would make their steps very large', async () => {
    const instructions = { ...MANUAL, config: { instructions: '{{x}}'.repeat(2000) } };
    const http = {
      ...MANUAL,
      kind: 'http',
      config: { method: 'GET', url: `http://a.example/?q=${'{{x}}'.repeat(300)}` },
    };
    for (const step of [instructions, http]) {
      const id = await runbook([MANUAL, { ...step, name: 'large' }], {
        parameters: [{ name: 'x', secret: step === http }],
      });
      const body = { parameters: { x: 'ä'.repeat(4000) } };
      for (const more of [{}, { dry_run: true }])
        expect(refusal(await request(id, { ...body, ...more }))).toEqual([422, 'invalid_parameters']);
      await request(id, { parameters: { x: 'ä'.repeat(40) } }).expect(202);
    }
  });

  it('cannot be started from a runbook that is unknown or archived', async () => {
    expect(refusal(await request(randomUUID()))).toEqual([404, 'runbook_not_found']);
    const id = await runbook([MANUAL]);
    await plane.delete(`/api/runbooks/${id}`, admin).expect(204);
    expect(refusal(await request(id))).toEqual([409, 'runbook_archived']);
    expect(refusal(await request(await runbook([MANUAL]), { incident_id: randomUUID() }))).toEqual([
      422,
      'incident_not_found',
    ]);
    expect(await plane.rows(tenant, Run)).toEqual([]);
  });

  describe('whose step waits for approval', () => {
    it.each(['low', 'medium'])('go on once an operator approves a step of %s risk', async (risk) => {
      const run = await start([shell(risk)]);
      expect(statuses(run)).toEqual(['waiting_approval', 'waiting_approval']);
      expect(run.steps[0]?.approval).toMatchObject({ state: 'waiting', reason: expect.any(String) });
      const operator = await member('operator');
      const { body } = await act(run, 'approve', { step: risk, note: 'fine' }, operator).expect(200);
      expect(statuses(body)).toEqual(['queued', 'queued']);
      expect(body.steps[0].approval).toMatchObject({ state: 'approved', by: operator.id, note: 'fine' });
    });

    it.each(['high', 'critical'])('need another admin for a step of %s risk', async (risk) => {
      const [operator, other] = [await member('operator'), await member('admin')];
      const run = await start([shell(risk)]);
      expect(refusal(await act(run, 'approve', { step: risk }, operator))).toEqual([403, 'forbidden']);
      const own = await act(run, 'approve', { step: risk });
      expect([own.status, own.body.code, own.body.other_approvers]).toEqual([403, 'own_approval', 1]);
      expect(statuses(await show(run))).toEqual(['waiting_approval', 'waiting_approval']);
      expect(statuses((await act(run, 'approve', { step: risk }, other).expect(200)).body)).toEqual([
        'queued',
        'queued',
      ]);
    });

    it('say so if nobody else in the tenant could approve it', async () => {
      await member('operator');
      const run = await start([shell('high')]);
      const { body } = await act(run, 'approve', { step: 'high' }).expect(403);
      expect([body.code, body.other_approvers, body.detail]).toEqual([
        'own_approval',
        0,
        expect.stringContaining('Nobody else in this tenant can approve it'),
      ]);
    });

    it('end if it is rejected', async () => {
      const run = await start([shell('low'), MANUAL]);
      const { body } = await act(run, 'reject', { step: 'low', note: 'no' }).expect(200);
      expect(statuses(body)).toEqual(['cancelled', 'cancelled', 'cancelled']);
      expect(body.steps[0].approval).toMatchObject({ state: 'rejected', by: admin.id, note: 'no' });
      expect(refusal(await act(run, 'retry'))).toEqual([409, 'run_not_failed']);
    });

    it.each([
      ['approve', 'approve', [200, 409]],
      ['approve', 'reject', [200, 409]],
      ['cancel', 'approve', [200, 409]],
    ])('follow only the first of two decisions at once: %s and %s', async (one, two, expected) => {
      const run = await start([shell('low')]);
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const first = act(run, one, one === 'cancel' ? {} : { step: 'low' }).then((answer) => answer);
      await pause.reached;
      const second = act(run, two, { step: 'low' }).then((answer) => answer);
      await endedOrWaiting(plane, second);
      pause.release();
      expect([(await first).status, (await second).status]).toEqual(expected);
      expect((await second).body.code).toBe('step_not_waiting');
      const decisions = (await plane.audit(tenant)).filter(({ action }) =>
        /approved|rejected|cancelled/.test(action),
      );
      expect(decisions).toHaveLength(1);
    });

    it('are not approved by someone who was made an operator in the meantime', async () => {
      const other = await member('admin');
      const run = await start([shell('high')]);
      await plane.patch(`/api/users/${other.id}`, { role: 'operator' }, admin).expect(200);
      expect(refusal(await act(run, 'approve', { step: 'high' }, other))).toEqual([403, 'forbidden']);
    });
  });

  it('follow the policy that is in force when a step is reached', async () => {
    await setLevel(2);
    const run = await start([MANUAL, shell('low')]);
    await setLevel(1);
    expect(statuses((await act(run, 'complete').expect(200)).body)[0]).toBe('waiting_approval');
  });

  it('follow overrides for the types of items that their incident affects', async () => {
    const item = await plane.post('/api/cmdb/items', { name: 'db-1', type: 'database' }, admin).expect(201);
    const report = { title: 'x', severity: 'P1', ci_ids: [item.body.id] };
    const incident = (await plane.post('/api/incidents', report, admin).expect(201)).body.id;
    await setLevel(4, [{ ci_type: 'database', risk: 'high', level: 1 }]);
    const id = await runbook([shell('high')]);
    expect(statuses((await request(id).expect(202)).body)[0]).toBe('queued');
    const { body } = await request(id, { incident_id: incident }).expect(202);
    expect(statuses(body)[0]).toBe('waiting_approval');
  });

  it('appear in the timeline of their incident when they start and end', async () => {
    const report = { title: 'x', severity: 'P1' };
    const incident = (await plane.post('/api/incidents', report, admin).expect(201)).body.id;
    const run = await start([MANUAL], { incident_id: incident });
    await act(run, 'complete').expect(200);
    const { body } = await plane.get(`/api/incidents/${incident}/timeline`, admin).expect(200);
    expect(body.items.slice(1)).toMatchObject([
      { kind: 'run', by: admin.id, data: { job_id: run.id, status: 'waiting_manual' } },
      { kind: 'run', by: admin.id, data: { job_id: run.id, status: 'succeeded' } },
    ]);
    const other = await start([MANUAL]);
    const list = async (query: string): Promise<string[]> =>
      (await plane.get(`/api/automation/jobs?${query}`, admin).expect(200)).body.items.map(
        ({ id }: RunView) => id,
      );
    expect(await list(`incident_id=${incident}`)).toEqual([run.id]);
    expect(await list('status=waiting_manual')).toEqual([other.id]);
    expect(await list('limit=1')).toEqual([other.id]);
  });

  it('can be listed by runbook and by several statuses', async () => {
    const list = async (query: string): Promise<string[]> =>
      (await plane.get(`/api/automation/jobs?${query}`, admin).expect(200)).body.items.map(
        ({ id }: RunView) => id,
      );
    const id = await runbook([MANUAL]);
    const [done, live] = [(await request(id)).body, (await request(id)).body];
    await act(done, 'complete').expect(200);
    const risky = await start([shell('critical')]);
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    expect(await list(`runbook_id=${id.toUpperCase()}`)).toEqual([live.id, done.id]);
    expect(await list('status=waiting_approval&status=waiting_manual')).toEqual([risky.id, live.id]);
    expect(await list(`runbook_id=${id}&status=waiting_approval&status=succeeded`)).toEqual([done.id]);
    expect((await plane.get(`/api/automation/jobs?runbook_id=${id}`, stranger)).body.items).toEqual([]);
    for (const query of ['status=waiting_manual&status=x', 'status=', 'runbook_id=Restart'])
      await plane.get(`/api/automation/jobs?${query}`, admin).expect(400);
  });

  it('are counted while they wait for a person', async () => {
    const inbox = async (by: CallOptions = admin) =>
      (await plane.get('/api/automation/inbox', by).expect(200)).body;
    expect(await inbox()).toEqual({ approvals: 0, manual: 0 });
    const [first] = [await start([MANUAL]), await start([MANUAL]), await start([shell('critical')])];
    expect(await inbox()).toEqual({ approvals: 1, manual: 2 });
    await act(first, 'complete').expect(200);
    expect(await inbox()).toEqual({ approvals: 1, manual: 1 });
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    expect(await inbox(stranger)).toEqual({ approvals: 0, manual: 0 });
  });

  it('show the present name of their runbook', async () => {
    const id = await runbook([MANUAL]);
    const { body: run } = await request(id).expect(202);
    expect(run.runbook_name).toBe('Restart');
    await start([MANUAL], {}, admin, { name: 'Other' });
    await plane.put(`/api/runbooks/${id}`, { name: 'Renamed', steps: [MANUAL] }, admin).expect(200);
    await plane.delete(`/api/runbooks/${id}`, admin).expect(204);
    const { body } = await plane.get('/api/automation/jobs', admin).expect(200);
    expect(body.items.map((one: RunView) => one.runbook_name)).toEqual(['Other', 'Renamed']);
    expect((await show(run)).runbook_name).toBe('Renamed');
    expect((await act(run, 'complete').expect(200)).body.runbook_name).toBe('Renamed');
    const { text } = await plane.get(`/api/automation/jobs/${run.id}/events`, admin).expect(200);
    expect(text).toMatch(/event: done\ndata: .*"runbook_name":"Renamed"/);
  });

  it('can be cancelled, but only while they have not ended', async () => {
    const run = await start([MANUAL, shell('low')]);
    expect(statuses((await act(run, 'cancel', { note: 'changed my mind' }).expect(200)).body)).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    expect(refusal(await act(run, 'cancel'))).toEqual([409, 'run_ended']);
    expect(refusal(await act(run, 'complete', { step: 'look' }))).toEqual([409, 'step_not_waiting']);
    expect(refusal(await act(run, 'retry'))).toEqual([409, 'run_not_failed']);
  });

  it('of another tenant are not found', async () => {
    const run = await start([MANUAL]);
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    for (const action of ['complete', 'cancel', 'retry'])
      expect(refusal(await act(run, action, {}, stranger))).toEqual([404, 'run_not_found']);
    for (const action of ['approve', 'reject'])
      expect(refusal(await act(run, action, { step: 'look' }, stranger))).toEqual([404, 'run_not_found']);
  });

  it('refuse decisions about steps that they do not have', async () => {
    const run = await start([MANUAL]);
    expect(refusal(await act(run, 'approve', { step: 'nonsense' }))).toEqual([422, 'step_not_found']);
  });

  describe('follow a policy', () => {
    it('that has the level 1 by default, and can be changed by an admin', async () => {
      const get = async () => (await plane.get('/api/automation/policy', admin).expect(200)).body;
      expect(await get()).toEqual({ level: 1, overrides: [] });
      const overrides = [{ ci_type: 'server', risk: 'low', level: 5 }];
      expect((await setLevel(3, overrides)).body).toEqual({ level: 3, overrides });
      expect(await get()).toEqual({ level: 3, overrides });
      await setLevel(3, overrides);
      expect(await plane.audit(tenant, 'automation_policy.changed')).toHaveLength(1);
    });

    it('that is changed twice at once, and each audit entry shows what was replaced', async () => {
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const first = setLevel(2).then();
      await pause.reached;
      const second = setLevel(3).then();
      await endedOrWaiting(plane, second);
      pause.release();
      await Promise.all([first, second]);
      const changes = await plane.audit(tenant, 'automation_policy.changed');
      expect(changes.map(({ before, after }) => [before?.['level'], after?.['level']])).toEqual([
        [1, 2],
        [2, 3],
      ]);
    });

    it.each([
      { level: 6 },
      { level: -1 },
      { level: 1.5 },
      {},
      { level: 1, overrides: [{ risk: 'none', level: 1 }] },
      { level: 1, overrides: [{ risk: 'low' }] },
      { level: 1, overrides: Array.from({ length: 201 }, () => ({ risk: 'low', level: 1 })) },
    ])('that is not valid: case %#', async (policy) => {
      await plane.put('/api/automation/policy', policy, admin).expect(400);
    });
  });
});
