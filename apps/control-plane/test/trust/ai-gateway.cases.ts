import {
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
  request as httpRequest,
} from 'node:http';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { OngoingAnswers, currentContext } from '@atlas/platform';
import { EVERY_DATABASE, StandInAiProvider, eventually } from '@atlas/testing';
import { Logger } from '@nestjs/common';
import { Patience } from '../../src/ai-gateway/providers/patience';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { Placement } from '../../src/registry/placement.entity';
import { ServiceKey } from '../../src/service-keys/service-key.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { JOBS } from '../job-scene.fixture';
import { PlaneSimulator, type SignedAnswer, bodyOf, refusal } from '../plane-simulator.fixture';

const API_KEY = 'sk-a-secret-of-the-control-plane';
const QUESTION = { messages: [{ role: 'user', content: 'Why is web-1 down?' }] };
const path = PLANE_PATHS.chatCompletions;

/** A Control Plane, its AI provider, and tenants that ask questions. */
class Scene {
  private constructor(
    readonly provider: StandInAiProvider,
    readonly plane: TestControlPlane,
  ) {}

  static async set(
    driver: 'postgres' | 'sqlite',
    env: Record<string, string | undefined> = {},
  ): Promise<Scene> {
    const provider = await StandInAiProvider.start();
    const configured = {
      AI_PROVIDER_BASE_URL: provider.baseUrl,
      AI_PROVIDER_API_KEY: API_KEY,
      AI_PROVIDER_MODEL: 'stand-in-1',
    };
    return new Scene(provider, await TestControlPlane.boot(driver, { ...configured, ...env }));
  }

  async close(): Promise<void> {
    await this.plane.close();
    await this.provider.stop();
  }

  /** An active tenant. */
  async tenant(deployment_model: string, region = deployment_model): Promise<Asker> {
    const cell = deployment_model === 'shared' && (await this.plane.enrolledCell({ region }));
    const { body } = await this.plane.provision({ deployment_model, region }).expect(202);
    const { tenant, install, job } = body;
    const plane =
      cell || new PlaneSimulator(this.plane.url, this.plane.clock, tenant.tenant_plane_id, install);
    if (!cell) await plane.enrol();
    await plane.serve(tenant.id);
    const isDone = async () => (await this.plane.get(`${JOBS}/${job.id}`)).body.status === 'succeeded';
    await eventually(isDone, { what: 'the tenant is active' });
    return new Asker(this.plane.url, plane, tenant.id);
  }
}

/** A tenant plane that asks questions on behalf of one of its tenants. */
class Asker {
  constructor(
    private readonly url: string,
    readonly plane: PlaneSimulator,
    readonly tenantId: string,
  ) {}

  ask(body: object = QUESTION, query = ''): Promise<SignedAnswer> {
    return this.plane.call({ method: 'POST', path: path + query, body, signed: { tenantId: this.tenantId } });
  }

  /** A call that can be aborted, and whose response need not be read. */
  open(body: object): { readonly call: ClientRequest; readonly answer: Promise<IncomingMessage> } {
    const text = JSON.stringify(body);
    const signed = this.plane.sign({ method: 'POST', path, text, signed: { tenantId: this.tenantId } });
    const headers = { ...signed, 'content-type': 'application/json' };
    const call = httpRequest(`${this.url}${path}`, { method: 'POST', headers });
    call.on('error', () => undefined);
    const answer = new Promise<IncomingMessage>((resolve) => call.once('response', resolve));
    return { call: call.end(text), answer };
  }
}

describe.each(EVERY_DATABASE)('the AI gateway on %s', (driver) => {
  let scene: Scene;
  let shared: Asker;
  beforeAll(async () => {
    scene = await Scene.set(driver);
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
      { ...QUESTION, temperature: 0.2, model: 'stand-in-1' },
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

  it('streams responses byte for byte', async () => {
    const answer = await shared.ask({ ...QUESTION, stream: true, model: 'another' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
    const events = answer.text.trim().split('\n\n');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)));
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe('The disk is full.');
    expect(chunks[0].model).toBe('another');
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
  let scene: Scene;
  let asker: Asker;
  beforeAll(async () => {
    scene = await Scene.set('sqlite');
    asker = await scene.tenant('shared');
  });
  afterAll(() => scene.close());
  afterEach(() => {
    scene.provider.answerProperly();
    waitFor(60_000);
  });

  const waitFor = (ms: number) => (scene.plane.app.get(ControlPlaneConfig).AI_PROVIDER_TIMEOUT_MS = ms);

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
    [302, 503, 'ai_unavailable', /cannot be reached/],
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

  it.each<[string, string, (response: ServerResponse, patience: object) => unknown]>([
    ['stalls', 'ai_timeout', (_, patience) => Object.assign(patience, { ms: 100 })],
    ['breaks off', 'ai_unavailable', (response) => response.destroy()],
  ])(
    "finishes with an error event, and without [DONE], if the provider's stream %s",
    async (_, code, then) => {
      const waits = jest.spyOn(Patience.prototype, 'during');
      scene.provider.answering = (response) => {
        const [patience = {}] = waits.mock.contexts;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"choices":[]}\n\n', () => then(response, patience));
      };
      const { status, text } = await asker.ask({ ...QUESTION, stream: true });
      const events = text.trim().split('\n\n');
      expect([status, events[0]]).toEqual([200, 'data: {"choices":[]}']);
      expect(JSON.parse(events[1]?.slice(6) ?? '')).toMatchObject({ error: { code, type: code } });
      expect(text).not.toContain('[DONE]');
    },
  );

  it.each([true, false])(
    'aborts the call to the provider when the caller disconnects (stream: %s)',
    async (stream) => {
      const begun = new Promise<void>((resolve) => {
        scene.provider.answering = (response) => {
          if (stream) response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
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
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
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
    expect(await theirs.answer.toArray()).toEqual([]);
    other.call.destroy();
    expect(await other.asked?.closed).toBe('aborted');
    expect(other.answer.complete).toBe(false);
  });

  it('reads from the provider only as fast as the caller reads', async () => {
    const [chunk, total] = [Buffer.alloc(1_000_000, '.'), 100];
    let given = 0;
    scene.provider.answering = async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const give = (): void => {
        while (given < total) {
          given += 1;
          if (!response.write(chunk)) return void response.once('drain', give);
        }
        response.end();
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
    expect(read).toBe(total * chunk.length);
  });
});

describe('the AI gateway without a provider', () => {
  it('reports that no provider is configured', async () => {
    const scene = await Scene.set('sqlite', { AI_PROVIDER_BASE_URL: undefined });
    const answer = await (await scene.tenant('shared')).ask();
    expect(refusal(answer)).toEqual([503, 'ai_unavailable']);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('AI_PROVIDER_BASE_URL');
    await scene.close();
  });
});
