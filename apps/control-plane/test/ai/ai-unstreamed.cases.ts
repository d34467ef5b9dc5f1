import { type ServerResponse } from 'node:http';
import { StandInAiProvider, eventually } from '@atlas/testing';
import { In } from 'typeorm';
import { AiReservation } from '../../src/ai-gateway/credits/ai-usage.entity';
import { AiProvider } from '../../src/ai-gateway/providers/ai-provider.entity';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { AiScene, type Asker, QUESTION } from '../ai-scene.fixture';
import { refusal } from '../plane-simulator.fixture';

const MODELS = { core: ['any'], operations: ['any'], enterprise: ['any'] };
const KINDS = ['openai_compatible', 'anthropic'] as const;
/** "The disk " is the text of the first two pieces of an answer. */
const PARTS_OF_TWO_PIECES = { openai_compatible: 2, anthropic: 5 };
const BOTH = { openai_compatible: [13, 3], anthropic: [20, 4] };
const NOTHING = { prompt_tokens: 0, completion_tokens: 0, questions: 0, estimated_questions: 0 };

/** These tests do not depend on the database driver. */
describe.each(KINDS)('an unstreamed question to a provider of the kind %s', (kind) => {
  let scene: AiScene;
  let asker: Asker;
  let [first, second]: StandInAiProvider[] = [];
  let ids: string[] = [];
  beforeAll(async () => (scene = await AiScene.set('sqlite', { AI_BREAKER_FAILURES: '1' })));
  afterAll(() => scene.close());
  beforeEach(async () => {
    asker = await scene.tenant('shared', `region-${(regions += 1)}`);
    limits({ AI_PROVIDER_TIMEOUT_MS: 60_000, AI_FIRST_TOKEN_TIMEOUT_MS: undefined });
    [first, second] = [await StandInAiProvider.start(), await StandInAiProvider.start()];
    second.text = 'I am the second.';
    ids = [await add(first, 1)];
  });
  afterEach(async () => {
    await scene.plane.remove(AiProvider, { id: In(ids) });
    await Promise.all([first?.stop(), second?.stop()]);
  });
  let regions = 0;

  const add = async (provider: StandInAiProvider, order: number): Promise<string> => {
    const base_url = kind === 'anthropic' ? provider.origin : provider.baseUrl;
    const body = { name: `provider ${order}`, kind, base_url, models: MODELS, order, key: 'a-key' };
    return (await scene.plane.post('/api/ai/providers', body).expect(201)).body.id;
  };
  const addSecond = async () => second && ids.push(await add(second, 2));
  const limits = (changes: Partial<ControlPlaneConfig>): unknown =>
    Object.assign(scene.plane.app.get(ControlPlaneConfig), changes);
  const ask = async (): Promise<unknown> => {
    const answer = await asker.ask();
    return answer.status === 200 ? JSON.parse(answer.text).choices[0].message.content : refusal(answer);
  };
  const usage = async (): Promise<Record<string, unknown>> =>
    (await scene.plane.get(`/api/ai/usage?tenant_id=${asker.tenantId}`).expect(200)).body;
  /** Asks, and disconnects when the metric has increased. Resolves once the question is settled. */
  const leaveOnceCounted = async (metric: string): Promise<void> => {
    const count = async (): Promise<number> => {
      const { text } = await scene.plane.get('/metrics').expect(200);
      return Number(text.split(`${metric} `)[1]?.split('\n')[0] ?? 0);
    };
    const before = await count();
    const { call } = asker.open(QUESTION);
    await eventually(async () => (await count()) > before, { what: metric });
    call.destroy();
    const { tenantId } = asker;
    await eventually(async () => (await scene.plane.count(AiReservation, { tenantId })) === 0);
  };

  it('may take longer than the time to its first part, if its answer grows', async () => {
    limits({ AI_PROVIDER_TIMEOUT_MS: 600 });
    first?.trickle(120);
    const began = performance.now();
    expect(await ask()).toBe('The disk is full.');
    expect(performance.now() - began).toBeGreaterThan(600);
    expect(await usage()).toMatchObject({ prompt_tokens: 20, completion_tokens: 4, estimated_questions: 0 });
    // A single failure would have opened the breaker.
    first?.answerProperly();
    expect(await ask()).toBe('The disk is full.');
  });

  it('has to begin within the time to its first part, whatever its provider sends before', async () => {
    limits({ AI_FIRST_TOKEN_TIMEOUT_MS: 150 });
    first?.stopAfter(0, (response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
    );
    expect(await ask()).toEqual([503, 'ai_timeout']);
  });

  it('is asked of the next provider if its answer stalls, and paid for once', async () => {
    await addSecond();
    limits({ AI_PROVIDER_TIMEOUT_MS: 150 });
    first?.stopAfter(PARTS_OF_TWO_PIECES[kind]);
    expect(await ask()).toBe('I am the second.');
    expect(await usage()).toMatchObject({ prompt_tokens: 20, completion_tokens: 4, questions: 1 });
  });

  it('costs what arrived of it if its answer stalls', async () => {
    limits({ AI_PROVIDER_TIMEOUT_MS: 150 });
    first?.stopAfter(PARTS_OF_TWO_PIECES[kind]);
    expect(await ask()).toEqual([503, 'ai_timeout']);
    const [prompt_tokens, completion_tokens] = BOTH[kind];
    const spent = { prompt_tokens, completion_tokens, questions: 1, estimated_questions: 1 };
    expect(await usage()).toMatchObject({ ...spent, credits_reserved: 0 });
  });

  it('costs its own tokens if its provider says nothing in time, whatever the next says', async () => {
    await addSecond();
    limits({ AI_PROVIDER_TIMEOUT_MS: 150 });
    first?.stopAfter(0);
    second?.refuse(400);
    expect(await ask()).toEqual([422, 'ai_request_refused']);
    const spent = { prompt_tokens: 13, completion_tokens: 0, questions: 1, estimated_questions: 1 };
    expect(await usage()).toMatchObject({ ...spent, credits_reserved: 0 });
  });

  it.each<[string, (provider?: StandInAiProvider) => unknown]>([
    ['cannot be reached', (provider) => provider?.stop()],
    ['fails', (provider) => provider?.refuse(500)],
    ['breaks off before it answers', (provider) => provider?.stopAfter(0, (response) => response.destroy())],
  ])('costs nothing if its provider %s', async (_, fault) => {
    await fault(first);
    expect(await ask()).toEqual([503, 'ai_unavailable']);
    expect(await usage()).toMatchObject({ ...NOTHING, credits_reserved: 0 });
  });

  it('costs what arrived of it if its caller leaves', async () => {
    first?.stopAfter(PARTS_OF_TWO_PIECES[kind]);
    await leaveOnceCounted('atlas_ai_first_token_seconds_count{provider="provider 1"}');
    const [prompt_tokens, completion_tokens] = BOTH[kind];
    expect(await usage()).toMatchObject({ prompt_tokens, completion_tokens, estimated_questions: 1 });
  });

  it('costs nothing if its caller leaves while no provider has it', async () => {
    first?.refuse(429, { 'retry-after': '9' });
    await leaveOnceCounted('atlas_ai_calls_total{provider="provider 1",outcome="refused"}');
    expect(await usage()).toMatchObject(NOTHING);
  });
});

describe('an unstreamed question', () => {
  it('is answered by a provider that cannot stream', async () => {
    const scene = await AiScene.set('sqlite');
    const asker = await scene.tenant('shared');
    const document = { id: '1', choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' } }] };
    scene.provider.answering = (response: ServerResponse) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    expect((await asker.ask()).body).toEqual(document);
    await scene.close();
  });
});
