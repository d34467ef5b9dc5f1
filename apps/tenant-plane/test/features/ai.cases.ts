import { type DesiredTenant, PLANE_PATHS } from '@atlas/plane-contract';
import { OngoingAnswers } from '@atlas/platform';
import { mintCredential } from '@atlas/service-auth';
import { EVERY_DATABASE, analysisSaying, eventually } from '@atlas/testing';
import { AiRouteSetting } from '../../src/ai/ai-route-setting.entity';
import { Audit } from '../../src/audit/audit';
import { Session } from '../../src/credentials/session.entity';
import { Sessions } from '../../src/credentials/sessions';
import { User } from '../../src/credentials/user.entity';
import { completionOf, problem, streamOf } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane, hostOf, tenantEntry } from '../tenant-plane.fixture';

const refusal = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];

/** Pauses the next request to `path` before it is sent. */
function heldFetch(path: string): { reached: Promise<void>; release: () => void } {
  const { fetch } = globalThis;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((reach) => {
    const spy = jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, options) => {
      if (!String(url).includes(path)) return fetch(url, options);
      spy.mockRestore();
      reach();
      await released;
      return fetch(url, options);
    });
  });
  return { reached, release };
}

/** A complete answer, as it is streamed. */
const PIECES = ['The disk ', 'is full.\n\n```json\n{"hypo', 'theses": []}\n```'];
const ANSWER = {
  analysis: 'The disk is full.',
  hypotheses: [],
  model: 'stand-in-1',
  source: 'control_plane',
};
const DISK = { title: 'Disk full', description: 'Writes fail; password=hunter2-x', severity: 'P2' };

/** Creates an admin of a tenant, and an incident to analyse. */
async function asker(plane: TestTenantPlane, tenant: DesiredTenant, incident: object = DISK) {
  const admin: CallOptions = {
    session: (await plane.user(tenant, 'admin')).session,
    host: hostOf(tenant.slug),
  };
  const { body } = await plane.post('/api/incidents', incident, admin).expect(201);
  const path = `/api/ai/incidents/${body.id}/analysis`;
  const allow = (allow_control_plane: boolean) =>
    plane.put('/api/ai/settings', { allow_control_plane }, admin);
  return { admin, incident: body, path, allow, ask: () => plane.post(path, undefined, admin) };
}

describe.each(EVERY_DATABASE)('AI on %s', (driver) => {
  let link: Link;
  let plane: TestTenantPlane;
  const tenant = tenantEntry('acme');

  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.model = 'hybrid';
    link.control.wanted.put(tenant);
    plane = await link.startPlane({ INTERNAL_SERVICE_SECRET_PREVIOUS: mintCredential('ats').value.reveal() });
    await link.reported(tenant.tenant_id);
  });
  afterAll(() => link.close());
  beforeEach(() => (link.control.completion = completionOf(analysisSaying('The disk is full.'))));

  const checklistStep = async (admin: CallOptions) => {
    const { body } = await plane.get('/api/onboarding', admin).expect(200);
    return body.steps.find(({ key }: { key: string }) => key === 'ai');
  };

  it('analyses an incident through the Control Plane, and completes the onboarding step', async () => {
    const { ask, admin, incident } = await asker(plane, tenant);
    expect(await checklistStep(admin)).toMatchObject({ status: 'pending' });
    const { body } = await ask().expect(200);
    expect(body).toEqual(ANSWER);
    const [event] = await plane.audit(tenant, 'incident.analysed');
    expect(event).toMatchObject({
      targetId: incident.id,
      actorId: incident.created_by,
      after: { model: 'stand-in-1', source: 'control_plane' },
    });
    const done = await checklistStep(admin);
    expect(done).toMatchObject({ status: 'done', evidence: { kind: 'ai_answer' } });
    await ask().expect(200);
    expect(await checklistStep(admin)).toEqual(done);
  });

  it("calls the Control Plane with the trace id of the user's request", async () => {
    const { path, admin } = await asker(plane, tenant);
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    await plane.post(path, undefined, { ...admin, headers }).expect(200);
    const asked = link.control.traces.filter((call) => call.path === PLANE_PATHS.chatCompletions);
    expect(asked.at(-1)?.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  it('sends the Control Plane only the tenant and the necessary details of the incident', async () => {
    const { ask, incident } = await asker(plane, tenant);
    await ask().expect(200);
    const { tenantId, query, body } = link.control.questions.at(-1) ?? {};
    expect([tenantId, query]).toEqual([
      tenant.tenant_id,
      { tenant_plane_id: link.control.planeId, allowed_by_admin: 'false' },
    ]);
    const sent = JSON.stringify(body);
    expect(sent).toContain('Disk full');
    for (const kept of ['hunter2-x', incident.id, incident.created_by, 'example.com'])
      expect(sent).not.toContain(kept);
  });

  describe('as a stream', () => {
    const streamed = async (path: string, admin: CallOptions) => {
      const answer = await plane.post(path, undefined, {
        ...admin,
        headers: { accept: 'text/event-stream' },
      });
      const events = answer.status === 200 ? answer.text.trim().split('\n\n') : [];
      return { answer, events: events.map((event) => event.split('\n').map((line) => line.split(': ')[1])) };
    };

    it('ends with the complete analysis, which is recorded in the audit trail', async () => {
      const { path, admin, incident } = await asker(plane, tenant);
      link.control.completion = streamOf(PIECES, '[DONE]');
      const { answer, events } = await streamed(path, admin);
      expect(answer.headers['content-type']).toBe('text/event-stream');
      expect(events.map(([name]) => name)).toEqual(['delta', 'delta', 'done']);
      expect(answer.text).toContain('data: {"text":"The disk "}');
      expect(answer.text).not.toContain('```');
      expect(answer.text).toContain(`event: done\ndata: ${JSON.stringify(ANSWER)}\n\n`);
      expect(link.control.questions.at(-1)?.body.stream).toBe(true);
      const trail = await plane.audit(tenant, 'incident.analysed');
      expect(trail.at(-1)?.targetId).toBe(incident.id);
    });

    it.each<[string, ReturnType<typeof streamOf>, string]>([
      ['fails', streamOf(['The '], { error: { code: 'ai_timeout', message: 'Why.' } }), 'ai_timeout'],
      ['is garbled', streamOf(['The '], '{', '[DONE]'), 'ai_unavailable'],
      ['breaks off', streamOf(['The ']), 'ai_unavailable'],
      ['has no hypotheses', streamOf(['The disk is full.'], '[DONE]'), 'ai_answer_unreadable'],
      ['does not end', streamOf(Array(70).fill('x'.repeat(1000))), 'ai_answer_unreadable'],
    ])('reports an error and records no analysis if the stream %s', async (_, completion, code) => {
      const { path, admin } = await asker(plane, tenant);
      const before = (await plane.audit(tenant, 'incident.analysed')).length;
      link.control.completion = completion;
      const { answer, events } = await streamed(path, admin);
      expect(events.at(-1)?.[0]).toBe('error');
      expect(answer.text).toContain(`{"code":"${code}",`);
      expect(await plane.audit(tenant, 'incident.analysed')).toHaveLength(before);
    });

    it.each([
      [
        'has choices, as of a provider',
        { choices: [], error: { code: 'quota_exceeded', message: 'OF A PROVIDER' } },
      ],
      ['has no code, but text', { error: { code: 'OF A PROVIDER', message: 'OF A PROVIDER' } }],
    ])('does not quote an error in the stream that %s', async (_, event) => {
      const { path, admin } = await asker(plane, tenant);
      link.control.completion = streamOf(['The '], event);
      const { answer } = await streamed(path, admin);
      expect(answer.text).toContain('event: error\ndata: {"code":"ai_unavailable"');
      expect(answer.text).not.toContain('OF A PROVIDER');
    });

    it('records the name of a model without what cannot be stored or seen', async () => {
      const { path, admin } = await asker(plane, tenant);
      const named = { model: 'a\u0000b\u202ec\ud800', choices: [{ delta: { content: PIECES.join('') } }] };
      link.control.completion = streamOf([], named, '[DONE]');
      const { answer } = await streamed(path, admin);
      expect(answer.text).toContain('"model":"abc\ufffd"');
    });

    it.each([
      ['a refusal', problem(503, 'ai_unavailable', 'Why.')],
      ['an empty stream', streamOf([], '[DONE]')],
      ['a stream that breaks off before it begins', streamOf([])],
    ])('reports %s with the same error as a call without a stream', async (_, completion) => {
      const { path, admin } = await asker(plane, tenant);
      link.control.completion = completion;
      const { answer } = await streamed(path, admin);
      expect([answer.status, answer.body.code]).toEqual([503, 'ai_unavailable']);
    });
  });

  it('sends no question while AI is disabled, and audits each change of the setting', async () => {
    const { ask, allow, admin } = await asker(plane, tenant);
    const settings = async () => (await plane.get('/api/ai/settings', admin).expect(200)).body;
    const initial = {
      allow_control_plane: true,
      features: { analysis: 'allow', runbook_draft: 'allow' },
      own_endpoint: null,
    };
    expect(await settings()).toEqual(initial);
    const off = { ...initial, allow_control_plane: false };
    expect((await allow(false).expect(200)).body).toEqual(off);
    await allow(false).expect(200);
    expect(await settings()).toEqual(off);
    const before = link.control.questions.length;
    expect((await ask().expect(403)).body.code).toBe('ai_not_allowed');
    expect(link.control.questions).toHaveLength(before);

    await allow(true).expect(200);
    await ask().expect(200);
    expect(link.control.questions.at(-1)?.query).toMatchObject({ allowed_by_admin: 'true' });
    const events = await plane.audit(tenant, 'ai.settings_changed');
    expect(events.map((event) => [event.before, event.after])).toEqual([
      [{ allow_control_plane: true }, { allow_control_plane: false }],
      [{ allow_control_plane: false }, { allow_control_plane: true }],
    ]);
  });

  it.each(['unset', 'set'])(
    'audits two concurrent changes of the setting in order (setting before: %s)',
    async (before) => {
      const { allow } = await asker(plane, tenant);
      await plane.tenants.write(tenant.tenant_id, (scope) => scope.delete(AiRouteSetting, {}));
      if (before === 'set') await allow(true).expect(200);
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const earlier = allow(false).then(({ body }) => body);
      await pause.reached;
      const later = allow(true).then(({ body }) => body);
      await endedOrWaiting(plane, later);
      pause.release();
      const [no, yes] = [{ allow_control_plane: false }, { allow_control_plane: true }];
      expect([await earlier, await later]).toMatchObject([no, yes]);
      const events = (await plane.audit(tenant, 'ai.settings_changed')).slice(-2);
      expect(events).toMatchObject([
        { before: yes, after: no },
        { before: no, after: yes },
      ]);
    },
  );

  it.each<[string, ReturnType<typeof problem> & { retryAfter?: string }, number, string]>([
    ['has no AI', problem(503, 'ai_unavailable', 'Why.'), 503, 'ai_unavailable'],
    ['timed out', problem(503, 'ai_timeout', 'Why.'), 503, 'ai_timeout'],
    [
      'is at its limit',
      { ...problem(429, 'ai_rate_limited', 'Why.'), retryAfter: '7' },
      429,
      'ai_rate_limited',
    ],
    ['finds the question too long', problem(422, 'ai_request_refused', 'Why.'), 422, 'ai_request_refused'],
    ['does not know that an admin allows AI', problem(403, 'ai_not_allowed', 'Why.'), 403, 'ai_not_allowed'],
    ['has no credits left', problem(403, 'quota_exceeded', 'Why.'), 403, 'quota_exceeded'],
    ['has no model for the plan', problem(403, 'model_not_in_plan', 'Why.'), 403, 'model_not_in_plan'],
    ['refuses our signature', problem(401, 'bad_signature', 'Of ours.'), 503, 'ai_unavailable'],
    ['fails', problem(500, 'internal_error', 'Of ours.'), 503, 'ai_unavailable'],
    ['sends an empty response', completionOf(''), 503, 'ai_unavailable'],
    ['sends no hypotheses', completionOf('The disk is full.'), 503, 'ai_answer_unreadable'],
    ['sends something other than text', completionOf([{ type: 'text' }]), 503, 'ai_unavailable'],
  ])('says why there is no analysis if the Control Plane %s', async (_, answer, status, code) => {
    const { ask } = await asker(plane, tenant);
    link.control.completion = answer;
    const { body, headers } = await ask().expect(status);
    expect(body.code).toBe(code);
    expect(headers['retry-after']).toBe(answer.retryAfter);
    if (status !== 503 || code === 'ai_timeout') expect(body.detail).toBe('Why.');
    expect(body.detail).not.toContain('Of ours.');
  });

  it.each(['application/json', 'text/event-stream'])(
    'aborts a call that accepts %s when the caller disconnects',
    async (accept) => {
      const { path, admin } = await asker(plane, tenant);
      const { control } = link;
      Object.assign(control, { manner: 'hanging', misbehavesAt: [PLANE_PATHS.chatCompletions] });
      const [before, hangUps] = [control.rebuffs.length, control.hangUps];
      const call = plane.post(path, undefined, { ...admin, headers: { accept } });
      call.end(() => undefined);
      await eventually(() => control.rebuffs.length > before);
      call.abort();
      await eventually(() => control.hangUps > hangUps);
      control.manner = 'proper';
    },
  );

  it.each(['application/json', 'text/event-stream'])(
    'aborts a call that accepts %s when the caller loses access, but not when their session is renewed',
    async (accept) => {
      const { path } = await asker(plane, tenant);
      const { control } = link;
      const answers = plane.app.get(OngoingAnswers);
      const { id, session } = await plane.user(tenant, 'operator');
      const as = { session, host: hostOf(tenant.slug) };
      Object.assign(control, { manner: 'hanging', misbehavesAt: [PLANE_PATHS.chatCompletions] });
      const [before, hangUps] = [control.rebuffs.length, control.hangUps];
      const answer = plane.post(path, undefined, { ...as, headers: { accept } }).then(({ status }) => status);
      await eventually(() => control.rebuffs.length > before);
      await plane.tenants.write(tenant.tenant_id, async (scope) => {
        const [old] = await scope.find(Session, { where: { userId: id } });
        const user = await scope.findOne(User, { id });
        if (!old || !user) throw new Error('There is no such user.');
        await plane.app.get(Sessions).open(scope, user, { family: old.familyId ?? old.id });
        await scope.update(Session, { id: old.id }, { revokedAt: plane.now });
      });
      await answers.look();
      expect(control.hangUps).toBe(hangUps);
      await plane.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(User, { id }, { deactivatedAt: plane.now }),
      );
      await answers.look();
      await eventually(() => control.hangUps > hangUps, { what: 'the call is aborted' });
      expect(await answer).toBe(503);
      control.manner = 'proper';
    },
  );

  it('does not retry a call with another secret after an admin has disabled AI', async () => {
    const { ask, allow } = await asker(plane, tenant);
    const { control } = link;
    const before = control.refusals.length;
    control.completion = async () => {
      await allow(false).expect(200);
      return problem(401, 'bad_signature');
    };
    const { body } = await ask().expect(403);
    expect([body.code, control.refusals.slice(before)]).toEqual(['ai_not_allowed', ['bad_signature']]);
    await allow(true).expect(200);
  });

  it('sends no question if an admin disables AI while the call is connecting', async () => {
    const { ask, allow } = await asker(plane, tenant);
    const before = link.control.questions.length;
    const connecting = heldFetch(PLANE_PATHS.chatCompletions);
    const answer = ask().then(refusal);
    await connecting.reached;
    await allow(false).expect(200);
    connecting.release();
    expect(await answer).toEqual([403, 'ai_not_allowed']);
    expect(link.control.questions).toHaveLength(before);
    await allow(true).expect(200);
  });

  it.each(['application/json', 'text/event-stream'])(
    'aborts a call that accepts %s when an admin disables AI',
    async (accept) => {
      const { path, admin, allow } = await asker(plane, tenant);
      const { control } = link;
      Object.assign(control, { manner: 'hanging', misbehavesAt: [PLANE_PATHS.chatCompletions] });
      const [before, hangUps] = [control.rebuffs.length, control.hangUps];
      const answer = plane.post(path, undefined, { ...admin, headers: { accept } }).then(refusal);
      await eventually(() => control.rebuffs.length > before);
      await allow(false).expect(200);
      await plane.app.get(OngoingAnswers).look();
      await eventually(() => control.hangUps > hangUps, { what: 'the call is aborted' });
      control.manner = 'proper';
      expect(await answer).toEqual([403, 'ai_not_allowed']);
      await allow(true).expect(200);
    },
  );

  it('stores no analysis that arrives after an admin has disabled AI', async () => {
    const { path, admin, ask, allow } = await asker(plane, tenant);
    const answered = async () => (await plane.audit(tenant, 'incident.analysed')).length;
    const before = await answered();
    for (const completion of [
      completionOf(analysisSaying('The disk is full.')),
      streamOf(PIECES, '[DONE]'),
    ]) {
      link.control.completion = async () => {
        await allow(false).expect(200);
        return completion;
      };
      const headers: Record<string, string> = completion.events ? { accept: 'text/event-stream' } : {};
      const { text } = await plane.post(path, undefined, { ...admin, headers });
      expect(text).toContain('"code":"ai_not_allowed"');
      await allow(true).expect(200);
    }
    expect(await answered()).toBe(before);
    link.control.completion = completionOf(analysisSaying('The disk is full.'));
    await ask().expect(200);
  });

  it.each(['unset', 'on'])(
    'can be disabled only once a pending analysis has been recorded (setting before: %s)',
    async (before) => {
      const { ask, allow } = await asker(plane, tenant);
      await plane.tenants.write(tenant.tenant_id, (scope) => scope.delete(AiRouteSetting, {}));
      if (before === 'on') await allow(true).expect(200);
      const pause = Pause.before(plane.app.get(Audit), 'record');
      const order: string[] = [];
      const answered = ask().then(({ status }) => order.push(`answered ${status}`));
      await pause.reached;
      const forbidden = allow(false).then(({ status }) => order.push(`forbidden ${status}`));
      await endedOrWaiting(plane, forbidden);
      const beforeItIsStored = [...order];
      pause.release();
      await Promise.all([answered, forbidden]);
      expect(beforeItIsStored).toEqual([]);
      expect([...order].sort()).toEqual(['answered 200', 'forbidden 200']);
      expect(refusal(await ask())).toEqual([403, 'ai_not_allowed']);
      await allow(true).expect(200);
    },
  );

  it('aborts a call when the tenant is suspended', async () => {
    const { admin, ask } = await asker(plane, tenant);
    const { control } = link;
    Object.assign(control, { manner: 'hanging', misbehavesAt: [PLANE_PATHS.chatCompletions] });
    const [before, hangUps] = [control.rebuffs.length, control.hangUps];
    const answer = ask().then(({ status }) => status);
    await eventually(() => control.rebuffs.length > before);
    await plane.apply({ tenants: [{ ...tenant, status: 'suspended' }] });
    await plane.app.get(OngoingAnswers).look();
    await eventually(() => control.hangUps > hangUps, { what: 'the call is aborted' });
    expect(await answer).toBe(503);
    control.manner = 'proper';
    await plane.apply({ tenants: [tenant] });
    await plane.get('/api/auth/me', admin).expect(200);
  });

  it('rejects a response that the Control Plane has not signed', async () => {
    const { ask } = await asker(plane, tenant);
    link.control.manner = 'unsigned';
    const { body } = await ask().expect(503);
    link.control.manner = 'proper';
    expect(body.code).toBe('control_plane_unreachable');
    await link.logged(/The AI did not answer.*can't be trusted/);
  });

  it('is unavailable without the Control Plane, but everything else works', async () => {
    const { ask, admin, incident } = await asker(plane, tenant);
    await link.control.stop();
    const { body } = await ask().expect(503);
    expect([body.code, body.detail]).toEqual([
      'control_plane_unreachable',
      expect.stringContaining('GET /api/integrations/control-plane'),
    ]);
    await link.logged(/The AI did not answer.*can't be reached/);
    await plane.patch(`/api/incidents/${incident.id}`, { status: 'acknowledged' }, admin).expect(200);
    await link.control.listen();
    await ask().expect(200);
  });
});

describe.each(EVERY_DATABASE)('AI on premises, on %s', (driver) => {
  let plane: TestTenantPlane;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { env: { ATLAS_TP_DEPLOYMENT: 'on_prem' } });
  });
  afterAll(() => plane.close());

  it('is off until an admin allows it and the feature, and then needs the Control Plane', async () => {
    const { ask, allow, admin } = await asker(plane, await plane.tenant('acme'));
    expect((await plane.get('/api/ai/settings', admin)).body).toEqual({
      allow_control_plane: false,
      features: { analysis: 'deny', runbook_draft: 'deny' },
      own_endpoint: null,
    });
    const refused = await ask().expect(403);
    expect([refused.body.code, refused.body.detail]).toEqual([
      'ai_not_allowed',
      expect.stringContaining('PUT /api/ai/settings'),
    ]);
    await allow(true).expect(200);
    const forbidden = await ask().expect(403);
    expect([forbidden.body.code, forbidden.body.detail]).toEqual([
      'ai_feature_not_allowed',
      expect.stringContaining('{"features": {"analysis": "allow"}}'),
    ]);
    await plane.put('/api/ai/settings', { features: { analysis: 'allow' } }, admin).expect(200);
    const { body } = await ask().expect(503);
    expect([body.code, body.detail]).toEqual([
      'control_plane_unreachable',
      expect.stringContaining('ATLAS_OFFLINE_MODE'),
    ]);
  });
});

describe('AI on a shared plane', () => {
  it('cannot analyse an incident of another tenant', async () => {
    const plane = await TestTenantPlane.boot('sqlite');
    const [{ path }, { admin }] = [
      await asker(plane, await plane.tenant('globex')),
      await asker(plane, await plane.tenant('acme')),
    ];
    expect((await plane.post(path, undefined, admin).expect(404)).body.code).toBe('incident_not_found');
    await plane.close();
  });
});
