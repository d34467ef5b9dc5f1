import dns, { type LookupAddress } from 'node:dns';
import { type ServerResponse } from 'node:http';
import { StandInAiProvider, eventually } from '@atlas/testing';
import { In } from 'typeorm';
import { AiProvider } from '../../src/ai-gateway/providers/ai-provider.entity';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { AiScene, type Asker, QUESTION } from '../ai-scene.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

const PATH = '/api/ai/providers';
const MODELS = { core: ['small'], operations: ['small', 'large'], enterprise: ['large'] };
type Found = (error: null, addresses: LookupAddress[]) => void;
const STREAMED = { ...QUESTION, stream: true };

/** These tests do not depend on the database driver. */
describe('several AI providers', () => {
  let scene: AiScene;
  let asker: Asker;
  let [first, second]: StandInAiProvider[] = [];
  let ids: string[];
  beforeAll(async () => {
    scene = await AiScene.set('sqlite', {
      AI_BREAKER_FAILURES: '3',
      AI_MAX_CALLS_PER_PROVIDER: '2',
      AI_MAX_CALLS_PER_TENANT: '10',
    });
    asker = await scene.tenant('shared');
  });
  beforeEach(async () => {
    Object.assign(scene.plane.app.get(ControlPlaneConfig), { AI_PROVIDER_TIMEOUT_MS: 60_000 });
    [first, second] = [await StandInAiProvider.start(), await StandInAiProvider.start()];
    second.text = 'I am the second.';
    ids = [await add('first', { order: 1 }), await add('second', { order: 2 })];
  });
  afterEach(async () => {
    await scene.plane.remove(AiProvider, { id: In(ids) });
    await Promise.all([first?.stop(), second?.stop()]);
  });
  afterAll(() => scene.close());

  const add = async (name: string, changes: object = {}): Promise<string> => {
    const base_url = (name === 'first' ? first : second)?.baseUrl;
    const body = {
      name,
      kind: 'openai_compatible',
      base_url,
      models: MODELS,
      key: `key-${name}`,
      ...changes,
    };
    return (await scene.plane.post(PATH, body).expect(201)).body.id;
  };
  const change = (id = '', body: object = {}) => scene.plane.patch(`${PATH}/${id}`, body).expect(200);
  /** Asks, and returns the text of the answer. */
  const ask = async (body: object = QUESTION): Promise<unknown> => {
    const answer = await asker.ask(body);
    return answer.status === 200 ? textOf(answer.text) : refusal(answer);
  };
  const counts = (): unknown[] => [first, second].map((provider) => provider?.asked.length);

  it('are asked in their order, with their own keys, models and addresses', async () => {
    expect(await ask()).toBe('The disk is full.');
    expect(first?.asked.at(-1)).toMatchObject({
      headers: { authorization: 'Bearer key-first' },
      body: { model: 'small' },
    });
    await change(ids[0], { order: 3 });
    expect(await ask()).toBe('I am the second.');
    expect(scene.provider.asked).toHaveLength(0);
  });

  it('are replaced by the provider of the environment while none is enabled', async () => {
    for (const id of ids) await change(id, { enabled: false });
    scene.provider.text = 'I am the last.';
    expect(await ask()).toBe('I am the last.');
    expect(scene.provider.asked.splice(0)).toHaveLength(1);
    await change(ids[1], { enabled: true });
    expect(await ask()).toBe('I am the second.');
  });

  it.each<[string, (provider: StandInAiProvider) => void]>([
    ['is at its limit', (provider) => provider.refuse(429)],
    ['fails', (provider) => provider.refuse(500)],
    ['refuses the key', (provider) => provider.refuse(401)],
    ['does not know the model', (provider) => provider.refuse(404)],
    ['has an account without money', (provider) => provider.refuse(402)],
    ['takes only smaller questions', (provider) => provider.refuse(413)],
    [
      'breaks off before the first byte',
      (provider) => provider.stopAfter(0, (response) => response.destroy()),
    ],
    [
      'answers with something else',
      (provider) =>
        (provider.answering = (response) => response.setHeader('content-type', 'text/html').end('')),
    ],
    ['redirects', (provider) => provider.refuse(307, { location: second?.baseUrl ?? '' })],
    ['sends a malformed first event', (provider) => provider.stopAfter(0, malformed)],
  ])('are asked one after the other if the first %s', async (_, fault) => {
    if (!first) throw new Error('There is no provider.');
    fault(first);
    expect(await ask()).toBe('I am the second.');
    expect(await ask(STREAMED)).toBe('I am the second.');
    expect(counts()).toEqual([2, 2]);
  });

  it('are asked one after the other if the key of the first cannot be opened', async () => {
    await scene.plane.change(AiProvider, { id: ids[0] }, { keySealed: 'not sealed' });
    expect(await ask()).toBe('I am the second.');
    expect(counts()).toEqual([0, 1]);
  });

  it('are asked one after the other if the first stalls, or cannot be reached', async () => {
    Object.assign(scene.plane.app.get(ControlPlaneConfig), { AI_PROVIDER_TIMEOUT_MS: 150 });
    first?.stopAfter(0);
    expect(await ask()).toBe('I am the second.');
    expect(await first?.asked[0]?.closed).toBe('aborted');
    await first?.stop();
    expect(await ask(STREAMED)).toBe('I am the second.');
  });

  it('are not asked if the first has begun to answer, or refuses the question itself', async () => {
    first?.stopAfter(1, (response) => response.destroy());
    const { text } = await asker.ask(STREAMED);
    expect(text).toMatch(/The .*\n\ndata: {"error":{"code":"ai_unavailable"/);
    first?.refuse(400);
    expect(await ask()).toEqual([422, 'ai_request_refused']);
    expect(counts()).toEqual([2, 0]);
  });

  it('are all asked before any is asked again, which happens once', async () => {
    first?.refuse(503);
    second?.refuse(500);
    expect(await ask()).toEqual([503, 'ai_unavailable']);
    expect(counts()).toEqual([2, 2]);
  });

  it('are asked again after the time that they ask for, if it is short', async () => {
    await change(ids[1], { enabled: false });
    first?.refuse(429, { 'retry-after': '1' }, 1);
    const began = performance.now();
    expect(await ask()).toBe('The disk is full.');
    expect(performance.now() - began).toBeGreaterThan(990);
    first?.refuse(429, { 'retry-after': '11' });
    const refused = await asker.ask();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '11']);
    expect(counts()).toEqual([3, 0]);
  });

  it('have a limited time altogether', async () => {
    await change(ids[1], { enabled: false });
    const config = scene.plane.app.get(ControlPlaneConfig);
    const { AI_TOTAL_TIMEOUT_MS } = config;
    config.AI_TOTAL_TIMEOUT_MS = 300;
    first?.refuse(503, { 'retry-after': '9' });
    const answer = await asker.ask();
    config.AI_TOTAL_TIMEOUT_MS = AI_TOTAL_TIMEOUT_MS;
    expect(refusal(answer)).toEqual([503, 'ai_timeout']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('0.3 s');
  });

  it('are left alone while they keep failing, then tried by one question', async () => {
    await change(ids[1], { enabled: false });
    first?.refuse(500);
    await ask();
    await ask();
    // Two attempts each. The fourth is not made.
    expect(counts()).toEqual([3, 0]);
    const closed = await asker.ask();
    expect([refusal(closed), closed.headers['retry-after']]).toEqual([[503, 'ai_unavailable'], '30']);
    await change(ids[1], { enabled: true });
    expect(await ask()).toBe('I am the second.');
    expect(first?.asked).toHaveLength(3);
    scene.plane.clock.advance(30);
    const began = new Promise<void>((resolve) => (first as StandInAiProvider).stopAfter(0, () => resolve()));
    const probe = asker.open(QUESTION);
    await began;
    expect(await ask()).toBe('I am the second.');
    expect(first?.asked).toHaveLength(4);
    probe.call.destroy();
    await first?.asked.at(-1)?.closed;
    first?.answerProperly();
    expect(await eventually(async () => (await ask()) === 'The disk is full.')).toBe(true);
  });

  it('are asked again by everyone once a first question is being answered', async () => {
    await change(ids[1], { enabled: false });
    first?.refuse(500);
    await ask();
    await ask();
    scene.plane.clock.advance(30);
    first?.stopAfter(1);
    const probe = asker.open(STREAMED);
    await probe.answer;
    first?.answerProperly();
    expect(await ask()).toBe('The disk is full.');
    probe.call.destroy();
  });

  it('answer only so many questions at a time', async () => {
    first?.stopAfter(1);
    const open = [asker.open(STREAMED), asker.open(STREAMED)];
    await Promise.all(open.map(({ answer }) => answer));
    expect(await ask()).toBe('I am the second.');
    for (const { call } of open) call.destroy();
    await Promise.all((first?.asked ?? []).map(({ closed }) => closed));
    first?.answerProperly();
    expect(await eventually(async () => (await ask()) === 'The disk is full.')).toBe(true);
  });

  it('are not asked again once they are removed, but finish what they have begun', async () => {
    await change(ids[1], { enabled: false });
    let finish: () => void = () => undefined;
    const parts = ['data: {"choices":[{"delta":{"content":"Still "}}]}\n\n', 'data: [DONE]\n\n'];
    if (first)
      first.answering = (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(parts[0]);
        finish = () => void response.end(parts[1]);
      };
    const { answer } = asker.open(STREAMED);
    const begun = await answer;
    await scene.plane.delete(`${PATH}/${ids[0]}`).expect(204);
    finish();
    expect(Buffer.concat(await begun.toArray()).toString()).toBe(parts.join(''));
    await change(ids[1], { enabled: true });
    const removed = (await scene.plane.get(PATH)).body.items.map(({ id }: { id: string }) => id);
    expect(removed).toEqual([ids[1]]);
  });

  it('are not asked a second time with a key that was removed meanwhile', async () => {
    await change(ids[1], { enabled: false });
    let isRemoved: Promise<unknown> | undefined;
    if (first)
      first.answering = (response) => {
        isRemoved ??= scene.plane.delete(`${PATH}/${ids[0]}`).then(() => response.writeHead(500).end());
      };
    expect(await ask()).toEqual([503, 'ai_unavailable']);
    expect(counts()).toEqual([1, 0]);
  });

  it('use only the models that the plan includes', async () => {
    await change(ids[0], { models: { ...MODELS, core: ['tiny'] } });
    expect(await ask({ ...QUESTION, model: 'small' })).toBe('I am the second.');
    const refused = await asker.ask({ ...QUESTION, model: 'large' });
    expect(refusal(refused)).toEqual([403, 'model_not_in_plan']);
    expect(bodyOf(refused)).toMatchObject({ plan: 'core', models: ['tiny', 'small'] });
    await scene.plane.patch(`/api/tenants/${asker.tenantId}`, { plan: 'operations' }).expect(200);
    expect(await ask({ ...QUESTION, model: 'large' })).toBe('The disk is full.');
    await scene.plane.patch(`/api/tenants/${asker.tenantId}`, { plan: 'core' }).expect(200);
    await change(ids[0], { models: {} });
    await change(ids[1], { models: {} });
    expect(await ask()).toEqual([403, 'model_not_in_plan']);
  });

  it('are not reached over http at a public address, whatever its name', async () => {
    await change(ids[1], { enabled: false });
    await change(ids[0], { base_url: 'http://a-public-name.test/v1', key: 'another' });
    const found = (_: string, __: object, done: Found) => done(null, [{ address: '8.8.8.8', family: 4 }]);
    // The cast is needed because `lookup` is overloaded, and `spyOn` uses only its last overload.
    const lookup = jest.spyOn(dns, 'lookup').mockImplementation(found as never);
    const answer = await asker.ask();
    lookup.mockRestore();
    expect(refusal(answer)).toEqual([503, 'ai_unavailable']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('PUBLIC_ADDRESS_NEEDS_HTTPS');
  });
});

function malformed(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"choices":\n\n');
}

/** The text of a completion, streamed or not. */
function textOf(answer: string): string {
  if (!answer.startsWith('data:')) return JSON.parse(answer).choices[0].message.content;
  const events = answer.trim().split('\n\n').slice(0, -1);
  const deltas = events.map((event) => JSON.parse(event.slice(6)).choices[0].delta.content ?? '');
  return deltas.join('');
}
