import { type DesiredTenant } from '@atlas/plane-contract';
import { OngoingAnswers } from '@atlas/platform';
import { EVERY_DATABASE, StandInAiProvider, analysisSaying, eventually } from '@atlas/testing';
import { AiEndpoint } from '../../src/ai/ai-endpoint.entity';
import { AiFeatureSetting } from '../../src/ai/ai-feature-setting.entity';
import { AiRouteSetting } from '../../src/ai/ai-route-setting.entity';
import { completionOf, problem, streamOf } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type CallOptions, TestTenantPlane, hostOf, tenantEntry } from '../tenant-plane.fixture';

const KEY = 'sk-canary-of-the-endpoint';
/** What the outage contract says. */
const OWN = expect.stringContaining("tenant's own AI");
const SETTINGS = '/api/ai/settings';

describe.each(EVERY_DATABASE)("a tenant's own AI, on %s", (driver) => {
  let link: Link;
  let plane: TestTenantPlane;
  let provider: StandInAiProvider;
  let admin: CallOptions;
  let path: string;
  const tenant: DesiredTenant = tenantEntry('acme');

  beforeAll(async () => {
    provider = await StandInAiProvider.start();
    link = await Link.create(driver);
    link.control.model = 'hybrid';
    link.control.wanted.put(tenant);
    plane = await link.startPlane();
    await link.reported(tenant.tenant_id);
    admin = { ...(await plane.user(tenant, 'admin')), host: hostOf(tenant.slug) };
    const report = { title: 'Disk full on 192.0.2.77', severity: 'P2' };
    const { body } = await plane.post('/api/incidents', report, admin).expect(201);
    path = `/api/ai/incidents/${body.id}/analysis`;
  });
  afterAll(async () => {
    await link.close();
    await provider.stop();
  });
  beforeEach(async () => {
    provider.answerProperly();
    provider.text = 'It is <IP_1>.';
    provider.asked.length = 0;
    link.control.completion = completionOf(analysisSaying('The gateway says so.'));
    await plane.tenants.write(tenant.tenant_id, async (scope) => {
      for (const entity of [AiRouteSetting, AiFeatureSetting, AiEndpoint]) await scope.delete(entity, {});
    });
  });

  const endpoint = (changes: object = {}) => ({ base_url: provider.baseUrl, model: 'own-1', ...changes });
  const set = (own_endpoint: object | null) => plane.put(SETTINGS, { own_endpoint }, admin);
  const stored = async (changes: object = {}) =>
    (await set(endpoint({ api_key: KEY, ...changes })).expect(200)).body;
  const ask = () => plane.post(path, undefined, admin);
  const streamed = () => plane.post(path, undefined, { ...admin, headers: { accept: 'text/event-stream' } });
  const promised = async () => {
    const { body } = await plane.get('/api/outage-contract', admin).expect(200);
    return body.capabilities.find(({ key }: { key: string }) => key === 'ai');
  };
  const questions = () => link.control.questions.length;

  it('answers only if the gateway cannot', async () => {
    await stored();
    expect((await ask().expect(200)).body).toMatchObject({ source: 'control_plane' });
    expect(provider.asked).toHaveLength(0);
    link.control.completion = problem(503, 'ai_unavailable', 'Why.');
    const { body } = await ask().expect(200);
    expect(body).toMatchObject({ analysis: 'It is 192.0.2.77.', model: 'own-1', source: 'own_endpoint' });
    const [asked] = provider.asked;
    expect(asked?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(asked?.body).toMatchObject({ model: 'own-1', stream: false });
    expect(JSON.stringify(asked?.body)).not.toContain('192.0.2.77');
    const [, recorded] = await plane.audit(tenant, 'incident.analysed');
    expect(recorded?.after).toEqual({ model: 'own-1', source: 'own_endpoint' });
  });

  it.each<[string, ReturnType<typeof problem>, boolean]>([
    ['has no AI', problem(503, 'ai_unavailable'), true],
    ['times out', problem(503, 'ai_timeout'), true],
    ['is at its limit', problem(429, 'ai_rate_limited'), true],
    ['has no credits left', problem(403, 'quota_exceeded'), true],
    ['has no model for the plan', problem(403, 'model_not_in_plan'), true],
    ['does not know the tenant', problem(403, 'tenant_not_on_plane'), true],
    ['refuses the question', problem(422, 'ai_request_refused'), false],
    ['does not know that an admin allows AI', problem(403, 'ai_not_allowed'), false],
    ['answers in another form', completionOf('No JSON.'), false],
  ])('is asked or not if the Control Plane %s', async (_, answer, isAsked) => {
    await stored();
    link.control.completion = answer;
    expect((await ask()).status).toBe(isAsked ? 200 : answer.status === 200 ? 503 : answer.status);
    expect(provider.asked).toHaveLength(isAsked ? 1 : 0);
  });

  it('answers while the Control Plane cannot be reached', async () => {
    await stored();
    await link.control.stop();
    expect((await ask().expect(200)).body).toMatchObject({ source: 'own_endpoint' });
    const { text } = await streamed().expect(200);
    expect(text).toContain('"source":"own_endpoint"');
    expect(await promised()).toMatchObject({
      now: 'works',
      stages: [{ behaviour: 'works', text: OWN }, {}, {}, {}],
    });
    await set(null).expect(200);
    expect(await promised()).toMatchObject({ stages: [{ behaviour: 'refused' }, {}, {}, {}] });
    await link.control.listen();
  });

  it('answers as a stream that is larger than any answer in one piece', async () => {
    await stored();
    const { answering } = provider;
    provider.answering = (response, asked) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`: ${'.'.repeat(100_000)}\n\n`.repeat(15));
      // It cannot set headers any more.
      response.setHeader = () => response;
      answering(response, asked);
    };
    link.control.completion = streamOf([]);
    const { text } = await streamed().expect(200);
    expect(text).toContain('"analysis":"It is 192.0.2.77."');
  });

  it('answers as a stream, with the names put back', async () => {
    await stored();
    link.control.completion = streamOf([]);
    const { text } = await streamed().expect(200);
    expect(provider.asked.at(-1)?.body.stream).toBe(true);
    const deltas = [...text.matchAll(/event: delta\ndata: (.*)\n/g)].map(
      ([, data = '']) => JSON.parse(data).text,
    );
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join('').trim()).toBe('It is 192.0.2.77.');
    expect(text).toContain('"analysis":"It is 192.0.2.77."');
  });

  it('is not asked once an answer of the gateway has begun', async () => {
    await stored();
    link.control.completion = streamOf(['The gateway '], { error: { code: 'ai_timeout', message: 'Why.' } });
    const { text } = await streamed().expect(200);
    expect(text).toContain('event: error\ndata: {"code":"ai_timeout"');
    expect(provider.asked).toHaveLength(0);
  });

  it('is the only one that is asked if the admin wants that', async () => {
    await stored({ use: 'only' });
    const before = questions();
    expect((await ask().expect(200)).body).toMatchObject({ source: 'own_endpoint' });
    provider.refuse(500);
    expect((await ask()).body.code).toBe('ai_unavailable');
    expect(questions()).toBe(before);
  });

  describe('with a fault', () => {
    it.each<[string, () => void, number, string]>([
      ['is at its limit', () => provider.refuse(429, { 'retry-after': '7' }), 429, 'ai_rate_limited'],
      ['fails', () => provider.refuse(500), 503, 'ai_unavailable'],
      ['refuses the key', () => provider.refuse(401), 503, 'ai_unavailable'],
      ['stalls', () => provider.stopAfter(0), 503, 'ai_timeout'],
      ['hangs up', () => provider.stopAfter(0, (response) => response.destroy()), 503, 'ai_unavailable'],
      ['sends no JSON', () => sends('Sorry!'), 503, 'ai_unavailable'],
      ['sends another JSON', () => sends('null'), 503, 'ai_unavailable'],
      [
        'sends no hypotheses',
        () => sends('{"choices":[{"message":{"content":"x"}}]}'),
        503,
        'ai_answer_unreadable',
      ],
      ['sends too much', () => sends('x'.repeat(1_100_000)), 503, 'ai_unavailable'],
    ])('says why there is no analysis if it %s', async (_, fault, status, code) => {
      await stored({ use: 'only', timeout_seconds: 1 });
      fault();
      const { body, headers } = await ask().expect(status);
      expect([body.code, headers['retry-after']]).toEqual([code, status === 429 ? '7' : undefined]);
      expect(JSON.stringify(body)).not.toContain(KEY);
    });

    it('does not pass on when to ask again unless it is a number of seconds', async () => {
      await stored({ use: 'only' });
      provider.refuse(429, { 'retry-after': KEY });
      const { body, headers } = await ask().expect(429);
      expect([body.code, headers['retry-after']]).toEqual(['ai_rate_limited', undefined]);
    });

    it.each<[string, () => void, string]>([
      ['is cut off', () => provider.stopAfter(2, (response) => response.end()), 'ai_unavailable'],
      ['breaks', () => provider.stopAfter(2, (response) => response.destroy()), 'ai_unavailable'],
      ['stalls', () => provider.stopAfter(2), 'ai_timeout'],
      [
        'is malformed',
        () => provider.stopAfter(2, (response) => response.end('data: {\n\n')),
        'ai_unavailable',
      ],
      [
        'reports an error',
        () => provider.stopAfter(2, (response) => response.end(`data: {"error":{"message":"${KEY}"}}\n\n`)),
        'ai_unavailable',
      ],
    ])('ends with an error if a stream %s', async (_, fault, code) => {
      await stored({ use: 'only', timeout_seconds: 1 });
      const before = (await plane.audit(tenant, 'incident.analysed')).length;
      fault();
      const { text } = await streamed().expect(200);
      expect(text).toContain(`event: error\ndata: {"code":"${code}"`);
      expect(text).not.toContain(KEY);
      expect(await plane.audit(tenant, 'incident.analysed')).toHaveLength(before);
    });

    it('says why neither has an answer', async () => {
      await stored();
      link.control.completion = problem(403, 'quota_exceeded', 'No credits.');
      provider.refuse(500);
      const { body } = await ask().expect(503);
      expect(body.detail).toMatch(/own AI did not answer: .*500.*Before that, .*No credits\.$/);
    });
  });

  const sends = (text: string): void => {
    provider.answering = (response) => {
      response.setHeader('content-type', 'application/json');
      response.end(text);
    };
  };

  it('is asked no more once an admin has forbidden AI, and its answer is not stored', async () => {
    await stored({ use: 'only' });
    provider.stopAfter(0);
    const answer = ask().then(({ status, body }) => [status, body.code]);
    await eventually(() => provider.asked.length === 1);
    await plane.put(SETTINGS, { features: { analysis: 'deny' } }, admin).expect(200);
    await plane.app.get(OngoingAnswers).look();
    expect(await answer).toEqual([403, 'ai_feature_not_allowed']);
    expect(await provider.asked[0]?.closed).toBe('aborted');
    expect((await ask().expect(403)).body.code).toBe('ai_feature_not_allowed');
    await plane.put(SETTINGS, { allow_control_plane: false, features: { analysis: 'allow' } }, admin);
    expect((await ask().expect(403)).body.code).toBe('ai_not_allowed');
    expect(provider.asked).toHaveLength(1);
  });

  it('is not asked if AI was forbidden while the gateway was asked', async () => {
    await stored();
    link.control.completion = async () => {
      await plane.put(SETTINGS, { allow_control_plane: false }, admin).expect(200);
      return problem(503, 'ai_unavailable');
    };
    expect((await ask().expect(403)).body.code).toBe('ai_not_allowed');
    expect(provider.asked).toHaveLength(0);
  });

  it('is in the ledger of what has left, without a path', async () => {
    await stored({ use: 'only' });
    await ask().expect(200);
    const calls = await eventually(async () => {
      const { body } = await plane.get('/api/residency/ledger', admin).expect(200);
      const found = body.items.filter((one: { class: string }) => one.class === 'ai_own_endpoint');
      return found.length > 0 && found;
    });
    expect(calls[0]).toMatchObject({
      destination: provider.origin,
      fields: ['body', 'headers', 'url'],
      refused: false,
    });
  });

  describe('in the settings', () => {
    const events = () => plane.audit(tenant, 'ai.settings_changed');
    const shown = async () => (await plane.get(SETTINGS, admin).expect(200)).body.own_endpoint;

    it('never shows its key, and keeps it while the host stays', async () => {
      const first = await stored();
      expect(first.own_endpoint).toEqual({
        base_url: provider.baseUrl,
        model: 'own-1',
        use: 'fallback',
        timeout_seconds: 60,
        has_api_key: true,
        changed_at: expect.any(String),
      });
      const same = (await set(endpoint()).expect(200)).body;
      expect(same).toEqual(first);
      await set(endpoint({ base_url: `${provider.origin}/v2`, use: 'only' })).expect(200);
      await ask().expect(200);
      expect(provider.asked.at(-1)).toMatchObject({ path: '/v2/chat/completions' });
      expect(provider.asked.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
      const [row] = await plane.rows(tenant, AiEndpoint);
      expect(row?.sealedKey).not.toContain(KEY);
      expect(JSON.stringify(await events())).not.toContain(KEY);
    });

    it('keeps how it is used, its key and its time limit if a change does not mention them', async () => {
      await stored({ use: 'only', timeout_seconds: 90 });
      const { own_endpoint: changed } = (await set(endpoint({ model: 'own-2' })).expect(200)).body;
      expect(changed).toMatchObject({ model: 'own-2', use: 'only', timeout_seconds: 90, has_api_key: true });
      expect(await shown()).toEqual(changed);
    });

    it('wants the key again for another host, and stores nothing until then', async () => {
      await stored();
      const elsewhere = endpoint({ base_url: 'http://192.0.2.9/v1' });
      const { body } = await set(elsewhere).expect(400);
      expect(body.errors).toMatchObject([{ field: 'own_endpoint.api_key' }]);
      expect(await shown()).toMatchObject({ base_url: provider.baseUrl, has_api_key: true });
      await set({ ...elsewhere, api_key: null }).expect(200);
      expect(await shown()).toMatchObject({ base_url: 'http://192.0.2.9/v1', has_api_key: false });
    });

    it('can be removed, and is audited', async () => {
      await stored();
      expect((await set(null).expect(200)).body.own_endpoint).toBeNull();
      await set(null).expect(200);
      expect(await plane.rows(tenant, AiEndpoint)).toEqual([]);
      const [added, removed] = (await events()).slice(-2);
      expect([added?.before, removed?.after]).toEqual([{ own_endpoint: null }, { own_endpoint: null }]);
      expect(added?.after).toMatchObject({ own_endpoint: { has_api_key: true } });
    });

    it('has another version whenever its key has changed', async () => {
      await stored();
      const { etag = '' } = (await plane.get(SETTINGS, admin)).headers;
      await set(endpoint({ api_key: 'another' })).expect(200);
      const late = { ...admin, headers: { 'if-match': etag } };
      expect((await plane.put(SETTINGS, { own_endpoint: null }, late).expect(412)).body.code).toBe(
        'changed_meanwhile',
      );
    });

    it.each([
      [{ base_url: 'ftp://llm.example' }],
      [{ base_url: 'https://user:password@llm.example' }],
      [{ base_url: 'https://llm.example/?key=1' }],
      [{ model: ' ' }],
      [{ model: 'a\u0000b' }],
      [{ model: 'a\ud800' }],
      [{ api_key: 'two words' }],
      [{ timeout_seconds: 101 }],
      [{ use: 'never' }],
      [{ key: 'x' }],
    ])('must not contain %j', async (changes) => {
      expect((await set(endpoint(changes)).expect(400)).body.code).toBe('validation_failed');
    });
  });

  it('takes one change of a feature, and leaves the others as they are', async () => {
    const { body } = await plane.put(SETTINGS, { features: { runbook_draft: 'deny' } }, admin).expect(200);
    expect(body).toMatchObject({
      allow_control_plane: true,
      features: { analysis: 'allow', runbook_draft: 'deny' },
      own_endpoint: null,
    });
    await plane.put(SETTINGS, {}, admin).expect(200);
    const last = (await plane.audit(tenant, 'ai.settings_changed')).at(-1);
    expect([last?.before, last?.after]).toEqual([
      { features: { analysis: 'allow', runbook_draft: 'allow' } },
      { features: { analysis: 'allow', runbook_draft: 'deny' } },
    ]);
  });
});

describe('an own AI on a shared plane', () => {
  it('must be on the internet, and is called with TLS', async () => {
    const plane = await TestTenantPlane.boot('sqlite');
    const tenant = await plane.tenant('acme');
    const admin = { ...(await plane.user(tenant, 'admin')), host: hostOf(tenant.slug) };
    const set = (base_url: string) => plane.put(SETTINGS, { own_endpoint: { base_url, model: 'm' } }, admin);
    expect((await set('https://127.0.0.1/v1').expect(422)).body.code).toBe('address_not_allowed');
    expect((await set('http://93.184.216.34/v1').expect(400)).body.code).toBe('validation_failed');
    await set('https://93.184.216.34/v1').expect(200);
    await plane.close();
  });
});
