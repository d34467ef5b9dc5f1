import { createHash } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type ClaimView } from '@atlas/tenant-api/agents';
import { type RunView } from '@atlas/tenant-api/automation';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { Agent } from '../../src/agents/agent.entity';
import { Audit } from '../../src/audit/audit';
import { StepLeases } from '../../src/automation/step-leases';
import { StepOutput } from '../../src/automation/step-output.entity';
import { DueWork } from '../../src/due/due-work';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-record.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

interface NewAgent {
  readonly id: string;
  readonly key: string;
}

const NEVER = '00000000-0000-7000-8000-000000000000';

describe.each(EVERY_DATABASE)('agents on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => (plane = await TestTenantPlane.boot(driver, { clock })));
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
    await plane.put('/api/automation/policy', { level: 5 }, admin).expect(200);
  });

  const create = async (labels?: object): Promise<NewAgent> => {
    const { body } = await plane.post('/api/agents', { name: 'web-1', labels }, admin).expect(201);
    return { id: body.agent.id, key: body.key };
  };
  const call = (path: string, { key }: Pick<NewAgent, 'key'>, body: object = {}) =>
    plane.post(`/api/agent/${path}`, body, { session: key });
  const beat = (agent: NewAgent, labels?: object) =>
    call('heartbeat', agent, { version: '1.0.0', hostname: 'web-1', labels });
  const claim = (agent: NewAgent, wait = 0) => call(`claim?wait=${wait}`, agent);
  const report = (agent: NewAgent, { lease_id }: Pick<ClaimView, 'lease_id'>, fields: object) =>
    call('results', agent, { lease_id, ...fields });
  const shell = (fields: object = {}): object => ({
    name: 'restart',
    kind: 'shell',
    risk: 'low',
    config: { command: 'systemctl', args: ['restart', 'web'] },
    ...fields,
  });
  const start = async (...steps: object[]): Promise<RunView> => {
    const { body } = await plane.post('/api/runbooks', { name: 'x', steps }, admin).expect(201);
    return (await plane.post(`/api/runbooks/${body.id}/runs`, {}, admin).expect(202)).body;
  };
  const show = async ({ id }: { id: string }): Promise<RunView> =>
    (await plane.get(`/api/automation/jobs/${id}`, admin).expect(200)).body;
  const statuses = ({ status, steps }: RunView): string[] => [status, ...steps.map((step) => step.status)];
  const refusal = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
  const sweep = () => plane.app.get(DueWork).sweep();

  describe('that an admin creates', () => {
    it('have a key that is shown once and stored as a hash', async () => {
      const { id, key } = await create({ site: 'berlin' });
      expect(key).toMatch(new RegExp(`^aga_${tenant.tenant_id}_[A-Za-z0-9_-]{43}$`));
      const [row] = await plane.rows(tenant, Agent);
      expect(row?.keyHash).toBe(createHash('sha256').update(key).digest('hex'));
      const { body } = await plane.get('/api/agents', admin).expect(200);
      expect(body.items).toMatchObject([{ id, state: 'offline', labels: { site: 'berlin' } }]);
      const told = JSON.stringify([body, await plane.audit(tenant)]);
      expect([told.includes(key), told.includes(row?.keyHash ?? '-')]).toEqual([false, false]);
    });

    it.each(['create', 'rotate'])('get no key in the answer to a repeated request: %s', async (what) => {
      const { id, key } = await create();
      const path = what === 'create' ? '/api/agents' : `/api/agents/${id}/rotate-key`;
      const body = what === 'create' ? { name: 'web-2' } : {};
      const ask = () => plane.post(path, body, { ...admin, headers: { 'idempotency-key': 'once' } });
      const [first, second] = [await ask(), await ask()];
      expect([first.status, second.status]).toEqual(what === 'create' ? [201, 201] : [200, 200]);
      expect(second.body).toEqual({ agent: first.body.agent, key: null });
      expect(await plane.rows(tenant, Agent)).toHaveLength(what === 'create' ? 2 : 1);
      await beat({ id, key }).expect(200);
      await beat({ id, key: first.body.key }).expect(200);
      expect(JSON.stringify(await plane.rows(tenant, IdempotencyRecord))).not.toContain(first.body.key);
    });

    it.each([{ labels: { a: 1 } }, { labels: { 'a b': 'c' } }, { labels: { a: '' } }])(
      'cannot have the labels %j',
      async (fields) => {
        const answer = await plane.post('/api/agents', { name: 'x', ...fields }, admin);
        expect(refusal(answer)).toEqual([422, 'invalid_labels']);
      },
    );

    it('accept their old keys for another day after a rotation, unless it revokes them', async () => {
      const { id, key: first } = await create();
      const rotate = async (body: object) =>
        (await plane.post(`/api/agents/${id}/rotate-key`, body, admin).expect(200)).body;
      const { key: second } = await rotate({});
      const { agent, key: third } = await rotate({});
      const inADay = new Date(clock.now().getTime() + 24 * 3600_000).toISOString();
      expect(agent.previous_key_until).toBe(inADay);
      const answers = async () => {
        const all = await Promise.all([first, second, third].map((key) => beat({ id, key })));
        return all.map(({ status }) => status);
      };
      expect(await answers()).toEqual([200, 200, 200]);
      clock.advance(24 * 3600);
      expect(await answers()).toEqual([401, 401, 200]);
      // The first admin's session has expired by now.
      const later = { ...(await plane.user(tenant, 'admin')), host: admin.host };
      const path = `/api/agents/${id}/rotate-key`;
      const { body } = await plane.post(path, { revoke_now: true }, later).expect(200);
      expect([body.agent.previous_key_until, await answers()]).toEqual([null, [401, 401, 401]]);
      expect(await plane.audit(tenant, 'agent.key_rotated')).toHaveLength(3);
    });

    it('are online for 90 seconds after each contact', async () => {
      const agent = await create();
      const { body } = await beat(agent, { os: 'linux' }).expect(200);
      expect(body).toEqual({ agent_id: agent.id, next_url: null });
      const listed = async () => (await plane.get('/api/agents', admin).expect(200)).body.items[0];
      const contact = { version: '1.0.0', hostname: 'web-1', labels: { os: 'linux' } };
      expect(await listed()).toMatchObject({ ...contact, state: 'online' });
      clock.advance(91);
      expect(await listed()).toMatchObject({ ...contact, state: 'offline' });
    });
  });

  it('learn where their tenant is about to move, unless the move is undone', async () => {
    const agent = await create();
    const told = async (moving_to?: string) => {
      await plane.apply({ tenants: [{ ...tenant, moving_to }] });
      return (await beat(agent).expect(200)).body.next_url;
    };
    expect(await told('https://new.example.com/ui')).toBe('https://new.example.com');
    expect(await told()).toBeNull();
  });

  it.each(['heartbeat', 'claim', 'results'])('are refused without a valid key: %s', async (path) => {
    const { key } = await create();
    const other = await plane.tenantWithAdmin(`other-${count}`);
    const bodies = { heartbeat: { version: '1', hostname: 'x' }, claim: {}, results: { lease_id: NEVER } };
    const body = bodies[path as keyof typeof bodies];
    const secret = key.slice(-43);
    for (const wrong of [
      admin.session ?? '',
      `aga_${tenant.tenant_id}_${'A'.repeat(43)}`,
      `aga_${other.tenant.tenant_id}_${secret}`,
      `ads_${tenant.tenant_id}_${secret}`,
      'nonsense',
    ])
      expect(refusal(await call(path, { key: wrong }, body))).toEqual([401, 'unauthenticated']);
  });

  it.each(['delete', 'rotate'])(
    'lose access as soon as their key is revoked, even in flight: %s',
    async (how) => {
      const agent = await create();
      const run = await start(shell());
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const revoking = (
        how === 'delete'
          ? plane.delete(`/api/agents/${agent.id}`, admin)
          : plane.post(`/api/agents/${agent.id}/rotate-key`, { revoke_now: true }, admin)
      ).then((answer) => answer);
      await pause.reached;
      const claiming = claim(agent).then((answer) => answer);
      await endedOrWaiting(plane, claiming);
      pause.release();
      expect([(await revoking).status, refusal(await claiming)]).toEqual([
        how === 'delete' ? 204 : 200,
        [401, 'unauthenticated'],
      ]);
      expect(statuses(await show(run))).toEqual(['queued', 'queued']);
    },
  );

  describe('claim a step', () => {
    it('and report its output and its end', async () => {
      const agent = await create();
      const run = await start(shell({ timeout_seconds: 30 }));
      const { body: lease } = await claim(agent).expect(200);
      expect(lease).toEqual({
        job_id: run.id,
        step: 'restart',
        lease_id: expect.any(String),
        lease_expires_at: new Date(clock.now().getTime() + 60_000).toISOString(),
        config: { command: 'systemctl', args: ['restart', 'web'], shell: false },
        timeout_seconds: 30,
      });
      await claim(agent).expect(204);
      await report(agent, lease, { output: 'one ', offset: 0 }).expect(200);
      await report(agent, lease, { output: 'one ', offset: 0 }).expect(200);
      const gap = await report(agent, lease, { output: 'three', offset: 8 });
      expect([refusal(gap), gap.body.output_bytes]).toEqual([[409, 'output_gap'], 4]);
      const end = { output: 'two', offset: 4, exit_code: 0, finished: true };
      const [first, second] = [await report(agent, lease, end), await report(agent, lease, end)];
      expect([first.status, second.status]).toEqual([200, 200]);
      expect(second.body).toEqual(first.body);
      const after = await show(run);
      expect(statuses(after)).toEqual(['succeeded', 'succeeded']);
      expect(after.steps[0]).toMatchObject({
        output_bytes: 7,
        output_tail: 'one two',
        exit_code: 0,
        agent_id: agent.id,
      });
      const list = await plane.get('/api/automation/jobs', admin).expect(200);
      expect(list.body.items[0].steps[0].output_tail).toBeNull();
      const entries = await plane.audit(tenant, 'run.step_started');
      expect(entries).toMatchObject([{ actorKind: 'agent', actorId: agent.id }]);
    });

    it('for which only one of two of them gets the lease, even if both are the same agent', async () => {
      const agent = await create();
      const { body } = await plane.post(`/api/agents/${agent.id}/rotate-key`, {}, admin).expect(200);
      await start(shell());
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const one = claim(agent).then((answer) => answer);
      await pause.reached;
      const two = claim({ ...agent, key: body.key }).then((answer) => answer);
      await endedOrWaiting(plane, two);
      pause.release();
      expect([(await one).status, (await two).status]).toEqual([200, 204]);
      const others = await Promise.all([create(), create(), create()]);
      await start(shell());
      const answers = await Promise.all(others.map((other) => claim(other)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 204, 204]);
    });

    it('only if they have the labels that it selects', async () => {
      const [plain, labelled] = [await create(), await create({ site: 'berlin', os: 'linux' })];
      await start(shell({ agent_selector: { site: 'berlin' } }));
      await claim(plain).expect(204);
      await beat(labelled, { site: 'paris' }).expect(200);
      await claim(labelled).expect(200);
      await start(shell({ agent_selector: { site: 'paris' } }));
      await claim(labelled).expect(204);
      await beat(plain, { site: 'paris' }).expect(200);
      await claim(plain).expect(200);
    });

    it('as soon as there is one, if they wait', async () => {
      const agent = await create();
      const behind = Pause.behind(plane.app.get(StepLeases), 'claim');
      const waiting = claim(agent, 10).then((answer) => answer);
      await behind.reached;
      behind.release();
      const run = await start(shell());
      expect((await waiting).body.job_id).toBe(run.id);
    });

    it('and run the next one only after it', async () => {
      const agent = await create();
      const run = await start(shell(), shell({ name: 'second' }));
      const { body: first } = await claim(agent).expect(200);
      await claim(agent).expect(204);
      await report(agent, first, { exit_code: 0, finished: true }).expect(200);
      const { body: second } = await claim(agent).expect(200);
      expect(second.step).toBe('second');
      await report(agent, second, { exit_code: 3, finished: true }).expect(200);
      const after = await show(run);
      expect(statuses(after)).toEqual(['failed', 'succeeded', 'failed']);
      expect(after.steps[1]?.error?.code).toBe('exit_code');
    });

    it('and fail a step that they report an error of, whatever its exit code', async () => {
      const agent = await create();
      const run = await start(shell());
      const { body: lease } = await claim(agent).expect(200);
      const result = { exit_code: 0, error: 'timed_out', finished: true };
      await report(agent, lease, result).expect(200);
      await report(agent, lease, result).expect(200);
      expect((await report(agent, lease, { exit_code: 0, finished: true })).status).toBe(409);
      const after = await show(run);
      expect([after.status, after.steps[0]?.error?.code]).toEqual(['failed', 'timed_out']);
    });
  });

  describe('that call too often', () => {
    it('wait for each other, and keep nobody else waiting', async () => {
      const agent = await create();
      const pause = Pause.before(plane.app.get(StepLeases), 'extend');
      const beats = [beat(agent).then((answer) => answer)];
      await pause.reached;
      for (let other = 0; other < 30; other += 1) beats.push(beat(agent).then((answer) => answer));
      await Promise.all([1, 2, 3].map(() => plane.get('/api/agents', admin).timeout(5000).expect(200)));
      pause.release();
      const answers = (await Promise.all(beats)).map(({ status }) => status);
      expect([answers[0], answers.filter((status) => status === 429).length]).toEqual([200, 10]);
    });

    it('are refused a sixth claim that waits, until one of them has ended', async () => {
      const agent = await create();
      const claims = jest.spyOn(plane.app.get(StepLeases), 'claim');
      const before = claims.mock.calls.length;
      const waiting = Array.from({ length: 5 }, () => claim(agent, 30).then((answer) => answer));
      await eventually(() => claims.mock.calls.length >= before + 5);
      expect(refusal(await claim(agent, 30))).toEqual([429, 'too_many_claims']);
      await claim(agent).expect(204);
      const runs = await Promise.all(waiting.map(() => start(shell())));
      const leased = (await Promise.all(waiting)).map(({ body }) => body.job_id);
      expect(leased.sort()).toEqual(runs.map(({ id }) => id).sort());
      await start(shell());
      await claim(agent, 30).expect(200);
    });
  });

  it('cannot report about a lease that is unknown, foreign, or over', async () => {
    const [agent, other] = [await create(), await create()];
    const run = await start(shell());
    const { body: lease } = await claim(agent).expect(200);
    const lost = [409, 'lease_lost'];
    expect(refusal(await report(other, lease, { exit_code: 0, finished: true }))).toEqual(lost);
    expect(refusal(await report(agent, { lease_id: NEVER }, { exit_code: 0 }))).toEqual(lost);
    await report(agent, lease, { exit_code: 1, finished: true }).expect(200);
    expect(refusal(await report(agent, lease, { exit_code: 0, finished: true }))).toEqual(lost);
    expect(refusal(await report(agent, lease, { output: 'late' }))).toEqual(lost);
    expect(statuses(await show(run))).toEqual(['failed', 'failed']);
  });

  it('cannot go on with a step of a cancelled run', async () => {
    const agent = await create();
    const run = await start(shell(), shell({ name: 'second' }));
    const { body: lease } = await claim(agent).expect(200);
    await plane.post(`/api/automation/jobs/${run.id}/cancel`, {}, admin).expect(200);
    expect(refusal(await report(agent, lease, { output: 'x' }))).toEqual([409, 'lease_lost']);
    expect(refusal(await report(agent, lease, { exit_code: 0, finished: true }))).toEqual([
      409,
      'lease_lost',
    ]);
    expect(statuses(await show(run))).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  it('may send any amount of output, of which the end is kept', async () => {
    const agent = await create();
    const run = await start(shell());
    const { body: lease } = await claim(agent).expect(200);
    const chunk = 'x'.repeat(200_000);
    for (let offset = 0; offset < 1_000_000; offset += chunk.length)
      await report(agent, lease, { output: chunk, offset }).expect(200);
    const dropped = 1_000_000_000;
    const end = {
      output: 'end',
      offset: 1_000_000 + dropped,
      skipped: dropped,
      exit_code: 0,
      finished: true,
    };
    await report(agent, lease, end).expect(200);
    const [step] = (await show(run)).steps;
    expect([step?.output_bytes, step?.output_tail?.length]).toEqual([1_001_000_003, 65_536]);
    expect(step?.output_tail?.endsWith('xend')).toBe(true);
    expect(await plane.rows(tenant, StepOutput)).toHaveLength(1);
    const tooLarge = await report(agent, lease, { output: 'x'.repeat(300_000) });
    expect(tooLarge.status).toBe(400);
  });

  describe('that fall silent', () => {
    const silent = async (steps = [shell()]) => {
      const agent = await create();
      const run = await start(...steps);
      const { body: lease } = await claim(agent).expect(200);
      return { agent, run, lease };
    };

    it('leave the outcome of their step unknown, which a person must decide about', async () => {
      const { agent, run, lease } = await silent([
        shell({ on_failure: 'continue' }),
        shell({ name: 'second' }),
      ]);
      clock.advance(61);
      await sweep();
      const failed = await show(run);
      expect(statuses(failed)).toEqual(['failed', 'failed', 'pending']);
      expect(failed.steps[0]?.error?.code).toBe('outcome_unknown');
      await sweep();
      await claim(agent).expect(204);
      expect(refusal(await report(agent, lease, { exit_code: 0, finished: true }))).toEqual([
        409,
        'lease_lost',
      ]);
      await plane.post(`/api/automation/jobs/${run.id}/retry`, {}, admin).expect(200);
      expect(refusal(await report(agent, lease, { exit_code: 0, finished: true }))).toEqual([
        409,
        'lease_lost',
      ]);
      const { body: again } = await claim(agent).expect(200);
      expect([again.step, again.lease_id === lease.lease_id]).toEqual(['restart', false]);
      expect(await plane.audit(tenant, 'run.step_retried')).toHaveLength(1);
    });

    it('keep their lease while they send heartbeats or results, but not beyond the time-out', async () => {
      const { agent, run, lease } = await silent([shell({ timeout_seconds: 120 })]);
      for (const extend of [
        () => beat(agent),
        () => report(agent, lease, { output: '' }),
        () => beat(agent),
      ]) {
        clock.advance(50);
        await extend().expect(200);
        await sweep();
        expect(statuses(await show(run))).toEqual(['running', 'running']);
      }
      clock.advance(31);
      await beat(agent).expect(200);
      await sweep();
      const [step] = (await show(run)).steps;
      expect([step?.status, step?.error?.code]).toEqual(['failed', 'outcome_unknown']);
    });

    it('lose a lease that they do not name in their heartbeats, because they never got it', async () => {
      const { agent, run, lease } = await silent();
      const named = async (leases: string[]) => {
        clock.advance(40);
        const body = { version: '1.0.0', hostname: 'web-1', leases };
        await call('heartbeat', agent, body).expect(200);
        await sweep();
        return (await show(run)).status;
      };
      expect(await named([lease.lease_id])).toBe('running');
      expect(await named([])).toBe('running');
      expect(await named([NEVER])).toBe('failed');
    });

    it('are not given up by a plane that has just started', async () => {
      const { run } = await silent();
      const leases = plane.app.get(StepLeases);
      clock.advance(300);
      leases.onApplicationBootstrap();
      await sweep();
      expect(statuses(await show(run))).toEqual(['running', 'running']);
      clock.advance(61);
      await sweep();
      expect(statuses(await show(run))).toEqual(['failed', 'failed']);
    });

    it('can say themselves that they do not know the outcome', async () => {
      const { agent, run, lease } = await silent();
      await report(agent, lease, { finished: true }).expect(200);
      await report(agent, lease, { finished: true }).expect(200);
      expect((await show(run)).steps[0]?.error?.code).toBe('outcome_unknown');
    });
  });
});
