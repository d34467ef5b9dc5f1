import { StandInAiProvider } from '@atlas/testing';
import { In } from 'typeorm';
import { AiProvider } from '../../src/ai-gateway/providers/ai-provider.entity';
import { AiScene, type Asker, QUESTION } from '../ai-scene.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

const MODELS = { core: ['any'], operations: ['any'], enterprise: ['any'] };
const KEY = 'sk-a-provider-key';
const QUESTIONS = [false, true].map((stream) => ({ ...QUESTION, stream }));

/** One failure opens a breaker, so any wrong blame shows. The database driver does not matter. */
describe.each(['openai_compatible', 'anthropic'] as const)('a refusal of a provider, kind %s', (kind) => {
  let scene: AiScene;
  let asker: Asker;
  let [first, second]: StandInAiProvider[] = [];
  let ids: string[] = [];
  beforeAll(async () => {
    scene = await AiScene.set('sqlite', { AI_BREAKER_FAILURES: '1' });
    asker = await scene.tenant('shared');
  });
  afterAll(() => scene.close());
  beforeEach(async () => {
    [first, second] = [await StandInAiProvider.start(), await StandInAiProvider.start()];
    ids = [await add(first, 1)];
  });
  afterEach(async () => {
    await scene.plane.remove(AiProvider, { id: In(ids) });
    await Promise.all([first?.stop(), second?.stop()]);
  });

  const add = async (provider: StandInAiProvider, order: number): Promise<string> => {
    const base_url = kind === 'anthropic' ? provider.origin : provider.baseUrl;
    const body = { name: `provider ${order}`, kind, base_url, models: MODELS, order, key: KEY };
    return (await scene.plane.post('/api/ai/providers', body).expect(201)).body.id;
  };
  const addSecond = async () => second && ids.push(await add(second, 2));
  const refuse = (status: number, error: object = {}): void => {
    if (first)
      first.answering = (response) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: { message: `The key ${KEY} asked: Why is web-1 down?`, ...error } }));
  };

  it.each<[number, object, number, string, RegExp]>([
    [400, {}, 422, 'ai_request_refused', /status 400.*parameters/],
    [422, {}, 422, 'ai_request_refused', /status 422.*parameters/],
    [400, { code: 'content_filter' }, 422, 'ai_request_refused', /rules on content/],
  ])('%s %j is about the question: nobody else is asked', async (status, error, theirs, code, detail) => {
    await addSecond();
    refuse(status, error);
    for (const question of QUESTIONS) {
      const answer = await asker.ask(question);
      expect(refusal(answer)).toEqual([theirs, code]);
      expect(bodyOf<{ detail: string }>(answer).detail).toMatch(detail);
      expect(answer.text).not.toMatch(/sk-a|web-1/);
    }
    expect([first?.asked.length, second?.asked.length]).toEqual([2, 0]);
  });

  it.each<[number, object, number, string, RegExp]>([
    [401, {}, 503, 'ai_unavailable', /API key.*owner.*replace/],
    [402, {}, 503, 'ai_unavailable', /paid.*owner/],
    [403, {}, 503, 'ai_unavailable', /API key/],
    [404, {}, 422, 'ai_request_refused', /model.*base URL/],
    [405, {}, 503, 'ai_unavailable', /status 405/],
    [413, {}, 422, 'ai_request_refused', /too long.*max_tokens/],
    [415, {}, 503, 'ai_unavailable', /status 415/],
    [418, {}, 503, 'ai_unavailable', /status 418/],
    [400, { code: 'context_length_exceeded' }, 422, 'ai_request_refused', /too long/],
    [400, { code: 'invalid_api_key' }, 503, 'ai_unavailable', /API key/],
  ])('%s %j is about the provider: the next is asked', async (status, error, theirs, code, detail) => {
    refuse(status, error);
    for (const question of QUESTIONS) {
      const answer = await asker.ask(question);
      expect(refusal(answer)).toEqual([theirs, code]);
      expect(bodyOf<{ detail: string }>(answer).detail).toMatch(detail);
      expect(answer.text).not.toMatch(/sk-a|web-1/);
    }
    await addSecond();
    for (const question of QUESTIONS) expect((await asker.ask(question)).status).toBe(200);
    // It would have been left alone if it had been blamed.
    expect([first?.asked.length, second?.asked.length]).toEqual([4, 2]);
  });

  it('is understood without its text if that is too long, or not JSON', async () => {
    for (const text of ['x'.repeat(100_000), '<html>']) {
      if (first) first.answering = (response) => response.writeHead(400).end(text);
      expect(refusal(await asker.ask())).toEqual([422, 'ai_request_refused']);
    }
  });
});
