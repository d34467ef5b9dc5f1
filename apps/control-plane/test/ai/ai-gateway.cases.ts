import { type ServerResponse } from 'node:http';
import { OngoingAnswers, currentContext } from '@atlas/platform';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Logger } from '@nestjs/common';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { Placement } from '../../src/registry/placement.entity';
import { ServiceKey } from '../../src/service-keys/service-key.entity';
import { AI_PATH, API_KEY, AiScene, Asker, QUESTION } from '../ai-scene.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

const path = AI_PATH;
const FIRST_EVENT = 'data: {"choices":[{"index":0,"delta":{"content":"The "}}]}\n\n';
const LONG_EVENT = FIRST_EVENT.replace('The ', 'x'.repeat(20_000));

describe.each(EVERY_DATABASE)('the AI gateway on %s', (driver) => {
  let scene: AiScene;
  let shared: Asker;
  beforeAll(async () => {
    scene = await AiScene.set(driver);
    shared = await scene.tenant('shared');
  });
  afterAll(() => scene.close());

  it('sends the question with the configured key and model, and signs the response', async () => {
    const answer = await shared.ask({ ...QUESTION, temperature: 0.2 });
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { model: 'stand-in-1', choices: [{ message: { content: 'The disk is full.' } }] },
    ]);
    answer.verify();
    const { path: asked, headers, body } = scene.provider.asked.at(-1) ?? {};
    expect([asked, body]).toEqual([
      '/v1/chat/completions',
      {
        ...QUESTION,
        temperature: 0.2,
        model: 'stand-in-1',
        max_completion_tokens: 4096,
        stream: true,
        stream_options: { include_usage: true },
      },
    ]);
    expect(headers).toMatchObject({ authorization: `Bearer ${API_KEY}` });
    expect(Object.keys(headers ?? {})).not.toContain('x-tenant-id');
  });

  it('logs a question with the trace id from the tenant plane', async () => {
    const [traces, traceId] = [[] as unknown[], '0af7651916cd43dd8448eb211c80319c'];
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation((entry: unknown) => {
      traces.push({ ...(entry as object), traceId: currentContext()?.traceId });
    });
    const { tenantId } = shared;
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const asked = { method: 'POST' as const, path, body: QUESTION, signed: { tenantId }, headers };
    expect((await shared.plane.call(asked)).status).toBe(200);
    log.mockRestore();
    expect(traces).toContainEqual({
      msg: 'AI question admitted',
      traceId,
      tenantId,
      tenantPlaneId: shared.plane.id,
    });
  });

  it('streams responses as they arrive, without the usage that the caller did not ask for', async () => {
    const answer = await shared.ask({ ...QUESTION, stream: true, model: 'another' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
    const events = answer.text.trim().split('\n\n');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)));
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe('The disk is full.');
    expect(chunks[0].model).toBe('another');
    expect(scene.provider.asked.at(-1)?.body.stream_options).toEqual({ include_usage: true });
    expect(answer.text).not.toContain('usage');
  });

  it('answers only tenant planes, and only for their own tenants', async () => {
    const stranger = await scene.plane.enrolledCell();
    const count = scene.provider.asked.length;
    expect(refusal(await scene.plane.post(path, QUESTION))).toEqual([401, 'bad_signature']);
    const unnamed = await shared.plane.call({ method: 'POST', path, body: QUESTION });
    expect(refusal(unnamed)).toEqual([400, 'validation_failed']);
    const theirs = new Asker(scene.plane.url, stranger, shared.tenantId);
    expect(refusal(await theirs.ask())).toEqual([403, 'tenant_not_on_plane']);
    expect(scene.provider.asked).toHaveLength(count);
  });

  it('refuses a suspended tenant, and a plane that the tenant has left', async () => {
    const mover = await scene.tenant('shared', 'another');
    await scene.plane.post(`/api/tenants/${mover.tenantId}/suspend`, {}).expect(202);
    const isSuspended = async () =>
      (await scene.plane.get(`/api/tenants/${mover.tenantId}`)).body.status === 'suspended';
    const entry_revision = async () => {
      await mover.plane.pull(10);
      return mover.plane.tenants.get(mover.tenantId)?.entry_revision ?? 0;
    };
    const reported = { tenant_id: mover.tenantId, entry_revision: await entry_revision() };
    await mover.plane.report([{ ...reported, state: 'applied' }]);
    await eventually(isSuspended);
    expect(refusal(await mover.ask())).toEqual([403, 'tenant_suspended']);

    await scene.plane.change(
      Placement,
      { tenantId: mover.tenantId },
      { phase: 'retired', holdsPlace: false },
    );
    expect(refusal(await mover.ask())).toEqual([403, 'tenant_not_on_plane']);
  });

  it('answers hybrid tenants, and on_prem tenants only if their admin allows it', async () => {
    const [hybrid, onPrem] = [await scene.tenant('hybrid'), await scene.tenant('on_prem')];
    expect((await hybrid.ask()).status).toBe(200);
    for (const query of ['', '?allowed_by_admin=false']) {
      const refused = await onPrem.ask(QUESTION, query);
      expect(refusal(refused)).toEqual([403, 'ai_not_allowed']);
      expect(bodyOf<{ detail: string }>(refused).detail).toContain('PUT /api/ai/settings');
    }
    expect((await onPrem.ask(QUESTION, '?allowed_by_admin=true')).status).toBe(200);
    expect(refusal(await onPrem.ask(QUESTION, '?allowed_by_admin=yes'))).toEqual([400, 'validation_failed']);
  });
});

/** These tests do not depend on the database driver. */
describe('the AI gateway', () => {
  let scene: AiScene;
  let asker: Asker;
  beforeAll(async () => {
    scene = await AiScene.set('sqlite', { AI_BREAKER_FAILURES: '1000' });
    asker = await scene.tenant('shared');
  });
  afterAll(() => scene.close());
  afterEach(() => {
    scene.provider.answerProperly();
    waitFor(60_000);
  });

  const waitFor = (ms: number, firstMs?: number) =>
    Object.assign(scene.plane.app.get(ControlPlaneConfig), {
      AI_PROVIDER_TIMEOUT_MS: ms,
      AI_FIRST_TOKEN_TIMEOUT_MS: firstMs,
    });

  const answerWith = (
    status: number,
    headers: Record<string, string> = {},
    text = `no: ${API_KEY}`,
  ): void => {
    scene.provider.answering = (response) => void response.writeHead(status, headers).end(text);
  };

  it.each([
    ['a question without messages', {}, 'messages'],
    ['an empty list of messages', { messages: [] }, 'messages'],
    ['an unknown role', { messages: [{ role: 'king', content: 'x' }] }, 'messages.0.role'],
    ['a message without text', { messages: [{ role: 'user', content: [] }] }, 'messages.0.content'],
    ['an unknown field in a message', { messages: [{ ...QUESTION.messages[0], a: 1 }] }, 'messages.0.a'],
    ['too high a temperature', { ...QUESTION, temperature: 3 }, 'temperature'],
    ['a limit of zero tokens', { ...QUESTION, max_tokens: 0 }, 'max_tokens'],
    ['an unknown field', { ...QUESTION, tools: [] }, 'tools'],
  ])('refuses %s', async (_, body, field) => {
    const answer = await asker.ask(body);
    expect(refusal(answer)).toEqual([400, 'validation_failed']);
    expect(bodyOf<{ errors: { field: string }[] }>(answer).errors.map((error) => error.field)).toContain(
      field,
    );
  });

  it('refuses more than a megabyte of messages', async () => {
    const content = 'x'.repeat(150_000);
    const messages = Array.from({ length: 8 }, () => ({ role: 'user', content }));
    expect(refusal(await asker.ask({ messages }))).toEqual([413, 'body_too_large']);
  });

  it.each([
    [401, 503, 'ai_unavailable', /rejected the API key/],
    [403, 503, 'ai_unavailable', /rejected the API key/],
    [400, 422, 'ai_request_refused', /name of the model/],
    [404, 422, 'ai_request_refused', /status 404/],
    [429, 429, 'ai_rate_limited', /in 10 s/],
    [500, 503, 'ai_unavailable', /status 500/],
    [200, 503, 'ai_unavailable', /application\/json/],
    [302, 503, 'ai_unavailable', /status 302/],
  ])('translates status %s from the provider into %s %s', async (theirs, status, code, detail) => {
    answerWith(theirs, { 'content-type': 'text/plain', location: '/elsewhere' });
    for (const stream of [false, true]) {
      if (theirs === 200 && stream) continue;
      const answer = await asker.ask({ ...QUESTION, stream });
      expect(refusal(answer)).toEqual([status, code]);
      expect(bodyOf<{ detail: string }>(answer).detail).toMatch(detail);
      expect(answer.text).not.toContain(API_KEY);
      if (status === 429) expect(answer.headers['retry-after']).toBe('10');
    }
  });

  it("passes on the provider's Retry-After", async () => {
    answerWith(429, { 'retry-after': '17' });
    expect((await asker.ask()).headers['retry-after']).toBe('17');
  });

  it('rejects a malformed response from the provider', async () => {
    answerWith(200, { 'content-type': 'application/json' }, '{"choices": [');
    expect(refusal(await asker.ask())).toEqual([503, 'ai_unavailable']);
  });

  it('stops waiting for the provider after a timeout', async () => {
    waitFor(100);
    scene.provider.answering = () => undefined;
    const answer = await asker.ask();
    expect(refusal(answer)).toEqual([503, 'ai_timeout']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('0.1 s');
    expect(await scene.provider.asked.at(-1)?.closed).toBe('aborted');
  });

  it.each<[string, string, (response: ServerResponse) => unknown]>([
    ['stalls', 'ai_timeout', () => undefined],
    ['breaks off', 'ai_unavailable', (response) => response.destroy()],
    ['ends early', 'ai_unavailable', (response) => response.end()],
    ['sends a malformed event', 'ai_unavailable', (response) => response.write('data: {"choices":[\n\n')],
    ['sends an error', 'ai_unavailable', (response) => response.write('data: {"error":{"code":1}}\n\n')],
    ['sends too long an event', 'ai_unavailable', (response) => response.write('.'.repeat(3_000_000))],
  ])(
    "finishes with an error event, and without [DONE], if the provider's stream %s",
    async (_, code, then) => {
      waitFor(100, 60_000);
      scene.provider.answering = (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(FIRST_EVENT, () => then(response));
      };
      const count = scene.provider.asked.length;
      const { status, text } = await asker.ask({ ...QUESTION, stream: true });
      const events = text.trim().split('\n\n');
      expect([status, events[0]]).toEqual([200, FIRST_EVENT.trim()]);
      expect(JSON.parse(events[1]?.slice(6) ?? '')).toMatchObject({ error: { code, type: code } });
      expect(text).not.toContain('[DONE]');
      expect(scene.provider.asked).toHaveLength(count + 1);
    },
  );

  it('stops reading a stream that is too long, whatever its events say', async () => {
    const comment = `: ${'.'.repeat(1_000_000)}\n\n`.repeat(40);
    answerWith(200, { 'content-type': 'text/event-stream' }, `${comment}${FIRST_EVENT}data: [DONE]\n\n`);
    const answer = await asker.ask();
    expect(refusal(answer)).toEqual([503, 'ai_unavailable']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('too long');
  });

  it('rejects a response that is too long', async () => {
    answerWith(200, { 'content-type': 'application/json' }, JSON.stringify({ x: '.'.repeat(3_000_000) }));
    const answer = await asker.ask();
    expect(refusal(answer)).toEqual([503, 'ai_unavailable']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('too long');
  });

  it.each([true, false])(
    'aborts the call to the provider when the caller disconnects (stream: %s)',
    async (stream) => {
      const begun = new Promise<void>((resolve) => {
        scene.provider.answering = (response) => {
          if (stream) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(FIRST_EVENT);
          resolve();
        };
      });
      const { call, answer } = asker.open({ ...QUESTION, stream });
      await begun;
      if (stream) await answer;
      call.destroy();
      expect(await scene.provider.asked.at(-1)?.closed).toBe('aborted');
    },
  );

  it('stops all streams of a plane whose key is revoked, but no others', async () => {
    const revoked = await scene.tenant('shared', 'revoked');
    scene.provider.answering = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(FIRST_EVENT);
    };
    const begin = async (one: Asker) => {
      const { call, answer } = one.open({ ...QUESTION, stream: true });
      return { call, answer: await answer, asked: scene.provider.asked.at(-1) };
    };
    const [theirs, other] = [await begin(revoked), await begin(asker)];
    const answers = scene.plane.app.get(OngoingAnswers);
    await answers.look();
    const revokedAt = scene.plane.clock.now();
    await scene.plane.change(ServiceKey, { tenantPlaneId: revoked.plane.id }, { revokedAt });
    await answers.look();
    expect(await theirs.asked?.closed).toBe('aborted');
    expect(Buffer.concat(await theirs.answer.toArray()).toString()).toBe(FIRST_EVENT);
    other.call.destroy();
    expect(await other.asked?.closed).toBe('aborted');
    expect(other.answer.complete).toBe(false);
  });

  it('reads from the provider only as fast as the caller reads', async () => {
    const [chunk, total] = [Buffer.from(LONG_EVENT.repeat(50)), 32];
    let given = 0;
    scene.provider.answering = async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const give = (): void => {
        while (given < total) {
          given += 1;
          if (!response.write(chunk)) return void response.once('drain', give);
        }
        response.end('data: [DONE]\n\n');
      };
      give();
    };
    const answer = await asker.open({ ...QUESTION, stream: true }).answer;
    // Nothing is read yet, so the buffers of both sockets fill up and the stream stalls.
    let before = -1;
    await eventually(() => (given > 0 && given === before) || void (before = given), { everyMs: 100 });
    expect(given).toBeLessThan(total / 2);
    let read = 0;
    for await (const part of answer) read += (part as Buffer).length;
    expect(read).toBe(total * chunk.length + 'data: [DONE]\n\n'.length);
  });
});

describe('the AI gateway without a provider', () => {
  it('reports that no provider is configured', async () => {
    const scene = await AiScene.set('sqlite', { AI_PROVIDER_BASE_URL: undefined });
    const answer = await (await scene.tenant('shared')).ask();
    expect(refusal(answer)).toEqual([503, 'ai_unavailable']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('AI_PROVIDER_BASE_URL');
    await scene.close();
  });
});
