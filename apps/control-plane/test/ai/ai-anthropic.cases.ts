import { type ServerResponse } from 'node:http';
import { In } from 'typeorm';
import { AiProvider } from '../../src/ai-gateway/providers/ai-provider.entity';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { AiScene, type Asker, QUESTION } from '../ai-scene.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

const MODELS = { core: ['claude'], operations: [], enterprise: [] };
const KEY = 'sk-ant-secret';
const STREAMED = { ...QUESTION, stream: true };

/** These tests do not depend on the database driver. */
describe('an AI provider that speaks the protocol of Anthropic', () => {
  let scene: AiScene;
  let asker: Asker;
  let id = '';
  beforeAll(async () => {
    scene = await AiScene.set('sqlite', { AI_BREAKER_FAILURES: '1000' });
    asker = await scene.tenant('shared');
    const base_url = scene.provider.origin;
    const provider = { name: 'Anthropic', kind: 'anthropic', base_url, models: MODELS, key: KEY };
    id = (await scene.plane.post('/api/ai/providers', provider).expect(201)).body.id;
  });
  afterEach(() => {
    scene.provider.answerProperly();
    waitFor(60_000);
  });
  afterAll(async () => {
    await scene.plane.remove(AiProvider, { id: In([id]) });
    await scene.close();
  });

  const waitFor = (AI_PROVIDER_TIMEOUT_MS: number, AI_FIRST_TOKEN_TIMEOUT_MS?: number) =>
    Object.assign(scene.plane.app.get(ControlPlaneConfig), {
      AI_PROVIDER_TIMEOUT_MS,
      AI_FIRST_TOKEN_TIMEOUT_MS,
    });
  const used = async () =>
    (await scene.plane.get(`/api/ai/usage?tenant_id=${asker.tenantId}`).expect(200)).body;

  it('is asked in its protocol', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'Be kind.' },
      { role: 'user', content: 'Why?' },
      { role: 'assistant', content: 'Because.' },
      { role: 'user', content: 'Really?' },
    ];
    await asker.ask({ messages, temperature: 1.5, top_p: 0.9, max_tokens: 50, seed: 7 });
    const { path, headers, body } = scene.provider.asked.at(-1) ?? {};
    expect([path, headers?.authorization]).toEqual(['/v1/messages', `Bearer ${KEY}`]);
    expect(body).toEqual({
      model: 'claude',
      max_tokens: 50,
      system: 'Be brief.\n\nBe kind.',
      messages: messages.slice(2),
      temperature: 1,
      top_p: 0.9,
      stream: true,
    });
  });

  it("answers in OpenAI's format, and is charged for what it says it has used", async () => {
    const before = await used();
    const answer = await asker.ask();
    expect(answer.body).toEqual({
      id: 'msg_1',
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'claude',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'The disk is full.' },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 20, completion_tokens: 4, total_tokens: 24 },
    });
    answer.verify();
    const after = await used();
    expect([
      after.prompt_tokens - before.prompt_tokens,
      after.completion_tokens - before.completion_tokens,
      after.estimated_questions - before.estimated_questions,
    ]).toEqual([20, 4, 0]);
  });

  it("streams in OpenAI's format, and is charged for what it says it has used", async () => {
    const before = await used();
    const { text } = await asker.ask(STREAMED);
    const events = text.trim().split('\n\n');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)));
    expect(chunks.map(({ choices: [choice] }) => choice)).toEqual([
      { index: 0, delta: { role: 'assistant', content: 'The ' }, finish_reason: null },
      { index: 0, delta: { content: 'disk ' }, finish_reason: null },
      { index: 0, delta: { content: 'is ' }, finish_reason: null },
      { index: 0, delta: { content: 'full.' }, finish_reason: null },
      { index: 0, delta: {}, finish_reason: 'stop' },
    ]);
    expect(chunks[0]).toMatchObject({ id: 'msg_1', object: 'chat.completion.chunk', model: 'claude' });
    const after = await used();
    expect([
      after.prompt_tokens - before.prompt_tokens,
      after.completion_tokens - before.completion_tokens,
    ]).toEqual([20, 4]);
  });

  it.each([
    [401, 503, 'ai_unavailable', 1],
    [400, 422, 'ai_request_refused', 1],
    [404, 422, 'ai_request_refused', 1],
    [429, 429, 'ai_rate_limited', 2],
    [500, 503, 'ai_unavailable', 2],
    [529, 503, 'ai_unavailable', 2],
    [302, 503, 'ai_unavailable', 2],
  ])('of which status %s becomes %s %s after %s attempts', async (theirs, status, code, attempts) => {
    const before = scene.provider.asked.length;
    scene.provider.refuse(theirs, { location: '/elsewhere' });
    const answer = await asker.ask(STREAMED);
    expect(refusal(answer)).toEqual([status, code]);
    expect(scene.provider.asked.length - before).toBe(attempts);
    expect(answer.text).not.toContain(KEY);
  });

  it('is asked again after the time that it asks for', async () => {
    scene.provider.refuse(429, { 'retry-after': '1' }, 1);
    const began = performance.now();
    expect((await asker.ask()).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(990);
    scene.provider.refuse(429, { 'retry-after': '60' });
    expect((await asker.ask()).headers['retry-after']).toBe('60');
  });

  it('may stall before its first text only for a limited time', async () => {
    waitFor(60_000, 100);
    // The message has begun, but says nothing yet.
    scene.provider.stopAfter(0, (response) => sendEvents(response, '{"type":"ping"}'));
    expect(refusal(await asker.ask(STREAMED))).toEqual([503, 'ai_timeout']);
    expect(await scene.provider.asked.at(-1)?.closed).toBe('aborted');
  });

  it.each<[string, string, (response: ServerResponse) => unknown]>([
    ['stalls', 'ai_timeout', () => undefined],
    ['breaks off', 'ai_unavailable', (response) => response.destroy()],
    ['ends early', 'ai_unavailable', (response) => response.end()],
    ['sends a malformed event', 'ai_unavailable', (response) => sendEvents(response, '{"type":"canary-')],
    [
      'sends an error',
      'ai_unavailable',
      (response) => response.write('event: error\ndata: {"error":{"message":"canary-3"}}\n\n'),
    ],
    ['is too long', 'ai_unavailable', (response) => response.write('.'.repeat(40_000_000))],
  ])('ends with an error event if its stream %s', async (_, code, then) => {
    waitFor(2000, 60_000);
    const logged = ['log', 'warn', 'error', 'debug', 'info'].map((name) =>
      jest.spyOn(console, name as 'log').mockImplementation(() => undefined),
    );
    scene.provider.stopAfter(4, then);
    const { status, text } = await asker.ask(STREAMED);
    const events = text.trim().split('\n\n');
    expect([status, events.length]).toEqual([200, 2]);
    expect(JSON.parse(events[1]?.slice(6) ?? '')).toMatchObject({ error: { code } });
    expect(text).not.toContain('[DONE]');
    const said = JSON.stringify(logged.flatMap(({ mock }) => mock.calls));
    jest.restoreAllMocks();
    expect([text.includes('canary'), said]).toEqual([false, '[]']);
  });

  it('is no longer asked once the caller has left', async () => {
    scene.provider.stopAfter(4);
    const { call, answer } = asker.open(STREAMED);
    await answer;
    call.destroy();
    expect(await scene.provider.asked.at(-1)?.closed).toBe('aborted');
  });

  it('must say something of its own protocol', async () => {
    scene.provider.stopAfter(0, (response) => sendEvents(response, '{"choices":[]}').end());
    const answer = await asker.ask();
    expect(refusal(answer)).toEqual([503, 'ai_unavailable']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('cut off');
  });
});

function sendEvents(response: ServerResponse, data: string): ServerResponse {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(`event: content_block_delta\ndata: ${data}\n\n`);
  return response;
}
