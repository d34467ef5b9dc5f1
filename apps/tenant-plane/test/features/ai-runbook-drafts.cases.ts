import { type DesiredTenant, PLANE_PATHS } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { OngoingAnswers } from '@atlas/platform';
import { AiAnswer } from '../../src/ai/ai-answer.entity';
import { User } from '../../src/credentials/user.entity';
import { UsageDay } from '../../src/entitlements/usage-day.entity';
import { Runbook } from '../../src/runbooks/runbook.entity';
import { completionOf, problem, streamOf } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type CallOptions, type TestTenantPlane, hostOf, tenantEntry } from '../tenant-plane.fixture';

const RESTART = {
  name: 'restart',
  kind: 'shell',
  risk: 'low',
  config: { command: 'systemctl', args: ['restart', '{{service}}'] },
};
const CALL = {
  name: 'call',
  kind: 'http',
  risk: 'low',
  config: { method: 'GET', url: 'http://<HOST_1>:8080/{{service}}', headers: { authorization: 'x' } },
};
const RUNBOOK = {
  name: 'Repair <HOST_1>',
  parameters: [{ name: 'service', required: true }],
  steps: [RESTART, CALL],
};
const answerWith = (runbook: object): string =>
  `Restarts the service on <HOST_1>.\n\n\`\`\`json\n${JSON.stringify(runbook)}\n\`\`\``;

describe.each(EVERY_DATABASE)('runbook drafts on %s', (driver) => {
  let link: Link;
  let plane: TestTenantPlane;
  let operator: CallOptions;
  let incident: string;
  const tenant: DesiredTenant = { ...tenantEntry('acme'), plan: 'operations' };

  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.model = 'hybrid';
    link.control.wanted.put(tenant);
    plane = await link.startPlane();
    await link.reported(tenant.tenant_id);
    operator = { ...(await plane.user(tenant, 'operator')), host: hostOf(tenant.slug) };
    await plane.post('/api/cmdb/items', { type: 'server', name: 'web-1' }, operator).expect(201);
    const report = { title: 'web-1 is slow', severity: 'P2' };
    incident = (await plane.post('/api/incidents', report, operator).expect(201)).body.id;
  });
  afterAll(() => link.close());
  beforeEach(() => (link.control.completion = completionOf(answerWith(RUNBOOK))));

  const path = () => `/api/ai/incidents/${incident}/runbook-draft`;
  const draft = (as = operator) => plane.post(path(), undefined, as);

  it('can be stored as they are, and are not stored before', async () => {
    const { body } = await draft().expect(200);
    expect(body).toEqual({
      name: 'Repair web-1',
      parameters: [{ name: 'service', required: true }],
      steps: [
        { ...RESTART, risk: 'high' },
        { ...CALL, config: { method: 'GET', url: 'http://web-1:8080/{{service}}', headers: {} } },
      ],
    });
    expect(JSON.stringify(link.control.questions.at(-1)?.body)).not.toContain('web-1');
    expect(await plane.rows(tenant, Runbook)).toEqual([]);
    await plane.post('/api/runbooks', body, operator).expect(201);
  });

  it('contain no characters that are invisible or change the order of others', async () => {
    const args = ['restart', 'a\u202eb\u200bc\u2066'];
    const step = { ...RESTART, name: 're\u200bstart', config: { command: 'systemctl\u2060', args } };
    const runbook = { name: 'Repair\u202e', parameters: [], steps: [step] };
    link.control.completion = completionOf(answerWith(runbook));
    const { body } = await draft().expect(200);
    expect(body).toMatchObject({
      name: 'Repair',
      steps: [{ name: 'restart', config: { command: 'systemctl', args: ['restart', 'abc'] } }],
    });
  });

  it('are audited and metered, but are no analysis', async () => {
    const used = async () =>
      (await plane.rows(tenant, UsageDay))
        .filter(({ meter }) => meter === 'ai_answers')
        .map(({ amount }) => Number(amount));
    const [before = 0] = await used();
    await draft().expect(200);
    expect(await used()).toEqual([before + 1]);
    const last = (await plane.audit(tenant, 'incident.runbook_drafted')).at(-1);
    expect(last).toMatchObject({
      targetId: incident,
      after: { model: 'stand-in-1', source: 'control_plane' },
    });
    expect(await plane.rows(tenant, AiAnswer)).toEqual([]);
  });

  it('arrive as a stream, which ends with the runbook', async () => {
    const pieces = answerWith(RUNBOOK).match(/[^]{1,7}/g) ?? [];
    link.control.completion = streamOf(pieces, '[DONE]');
    const { text } = await plane.post(path(), undefined, {
      ...operator,
      headers: { accept: 'text/event-stream' },
    });
    const deltas = [...text.matchAll(/event: delta\ndata: (.*)\n/g)].map(
      ([, data = '']) => JSON.parse(data).text,
    );
    expect(deltas.join('').trim()).toBe('Restarts the service on web-1.');
    const [, done = ''] = /event: done\ndata: (.*)\n/.exec(text) ?? [];
    expect(JSON.parse(done)).toMatchObject({ name: 'Repair web-1', steps: [{ risk: 'high' }, {}] });
  });

  it.each([
    ['two steps of the same name', { ...RUNBOOK, steps: [RESTART, RESTART] }, '(duplicate_step)'],
    ['an unknown parameter', { ...RUNBOOK, parameters: [] }, '(unknown_parameter)'],
    [
      'a parameter in a command',
      { ...RUNBOOK, steps: [{ ...RESTART, config: { command: '{{service}}' } }] },
      'parameter',
    ],
    ['no steps', { ...RUNBOOK, steps: [] }, 'steps'],
    ['a config of another kind', { ...RUNBOOK, steps: [{ ...RESTART, config: { url: 'x' } }] }, 'Ask again'],
    [
      'an address of another protocol',
      { ...RUNBOOK, steps: [{ ...CALL, config: { method: 'GET', url: 'ftp://x' } }] },
      'Ask again',
    ],
  ])('are refused with %s, as a stored runbook would be', async (_, runbook, reason) => {
    link.control.completion = completionOf(answerWith(runbook));
    const before = (await plane.audit(tenant, 'incident.runbook_drafted')).length;
    const { body } = await draft().expect(503);
    expect([body.code, body.detail]).toEqual(['ai_answer_unreadable', expect.stringContaining(reason)]);
    expect(body.detail).not.toMatch(/restart|service/);
    expect(await plane.audit(tenant, 'incident.runbook_drafted')).toHaveLength(before);
  });

  it('are refused with the reason of the Control Plane', async () => {
    link.control.completion = problem(403, 'quota_exceeded', 'No credits.');
    expect((await draft().expect(403)).body).toMatchObject({ code: 'quota_exceeded', detail: 'No credits.' });
  });

  it('have a switch of their own', async () => {
    const admin = { ...(await plane.user(tenant, 'admin')), host: hostOf(tenant.slug) };
    const set = (runbook_draft: string) =>
      plane.put('/api/ai/settings', { features: { runbook_draft } }, admin).expect(200);
    await set('deny');
    const before = link.control.questions.length;
    const { body } = await draft().expect(403);
    expect([body.code, body.feature]).toEqual(['ai_feature_not_allowed', 'runbook_draft']);
    expect(link.control.questions).toHaveLength(before);
    await set('allow');
  });

  it('end when an operator loses that role', async () => {
    const { control } = link;
    const { id, session } = await plane.user(tenant, 'operator');
    Object.assign(control, { manner: 'hanging', misbehavesAt: [PLANE_PATHS.chatCompletions] });
    const before = control.rebuffs.length;
    const answer = draft({ session, host: hostOf(tenant.slug) }).then(({ status }) => status);
    await eventually(() => control.rebuffs.length > before);
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.update(User, { id }, { role: 'fulfiller' }));
    await plane.app.get(OngoingAnswers).look();
    expect(await answer).toBe(503);
    control.manner = 'proper';
  });

  it('need a plan that includes them', async () => {
    link.control.wanted.put({ ...tenant, plan: 'core' });
    const planOf = async () => (await plane.get('/api/entitlements', operator)).body.plan;
    await eventually(async () => (await planOf()) === 'core');
    const { body } = await draft().expect(403);
    expect([body.code, body.module]).toEqual(['module_not_in_plan', 'ai_runbook_drafts']);
    link.control.wanted.put(tenant);
    await eventually(async () => (await planOf()) === 'operations');
  });
});
