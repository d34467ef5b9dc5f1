import { type ServerResponse } from 'node:http';
import { StandInAiProvider, eventually } from '@atlas/testing';
import { In } from 'typeorm';
import { AiCredits } from '../../src/ai-gateway/credits/ai-credits';
import { AiReservation } from '../../src/ai-gateway/credits/ai-usage.entity';
import { AiProvider } from '../../src/ai-gateway/providers/ai-provider.entity';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { AiScene, type Asker, QUESTION } from '../ai-scene.fixture';
import { refusal } from '../plane-simulator.fixture';

const STREAMED = { ...QUESTION, stream: true };
/** More than the credits of its tenant. */
const TOO_MUCH = {
  messages: Array.from({ length: 3 }, () => ({ role: 'user', content: 'x'.repeat(200_000) })),
};
const LONG_EVENT = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(20_000)}"}}]}\n\n`;
const MODELS = { core: ['any'], operations: ['any'], enterprise: ['any'] };
/** One failure opens a breaker, so any wrong blame shows. */
const ENV = { AI_BREAKER_FAILURES: '1', AI_MAX_CALLS_PER_PROVIDER: '4', AI_MAX_CALLS_PER_TENANT: '2' };

/** These tests do not depend on the database driver. */
describe('limits of the AI gateway', () => {
  let scene: AiScene;
  let [busy, other]: Asker[] = [];
  beforeEach(async () => {
    scene = await AiScene.set('sqlite', ENV);
    [busy, other] = [await scene.tenant('shared', 'busy'), await scene.tenant('shared', 'other')];
  });
  afterEach(() => scene.close());

  const limits = (changes: Partial<ControlPlaneConfig>): unknown =>
    Object.assign(scene.plane.app.get(ControlPlaneConfig), changes);
  const ask = async (asker = busy, body: object = QUESTION): Promise<unknown> => {
    const answer = await asker?.ask(body);
    return answer?.status === 200 ? 200 : answer && refusal(answer);
  };
  /** A stream of which the first part has arrived, and nothing else is read. */
  const begin = async (asker = busy) => {
    const opened = asker?.open(STREAMED);
    const answer = await opened?.answer;
    const asked = scene.provider.asked.at(-1);
    if (!opened || !answer || !asked) throw new Error('No answer has begun.');
    return { call: opened.call, answer, closed: asked.closed };
  };
  /** Sends without end, as fast as it is read. `isHeldUp` resolves once nothing more is read. */
  const sendForEver = () => {
    let [given, before] = [0, -1];
    let response: ServerResponse | undefined;
    scene.provider.answering = (begun) => {
      response = begun.writeHead(200, { 'content-type': 'text/event-stream' });
      const give = (): void => {
        while (!begun.destroyed && begun.write(LONG_EVENT)) given += 1;
        given += 1;
        begun.once('drain', give);
      };
      give();
    };
    const isHeldUp = () => eventually(() => given === before || void (before = given), { everyMs: 200 });
    return { isHeldUp, breakOff: () => response?.destroy() };
  };

  describe('a tenant', () => {
    it('has only its share of the places, and the others have theirs', async () => {
      scene.provider.stopAfter(1);
      const open = [await begin(), await begin()];
      scene.provider.answerProperly();
      const refused = await busy?.ask();
      expect(refused && refusal(refused)).toEqual([429, 'ai_tenant_busy']);
      expect(refused?.headers['retry-after']).toBe('1');
      expect(await ask(other)).toBe(200);
      expect(await scene.plane.count(AiReservation, { tenantId: busy?.tenantId })).toBe(2);
      open[0]?.call.destroy();
      expect(await eventually(async () => (await ask()) === 200)).toBe(true);
      open[1]?.call.destroy();
    });

    it.each<[string, () => Promise<unknown>]>([
      ['has no credits', () => ask(busy, TOO_MUCH)],
      ['is refused', () => ask(busy, { ...QUESTION, seed: 13 })],
      ['is answered', () => ask()],
      ['is answered in a stream', () => ask(busy, STREAMED)],
    ])('gets a place back when a question %s', async (_, question) => {
      await scene.plane.patch(`/api/tenants/${busy?.tenantId}`, { plan: 'core' });
      const answering = scene.provider.answering;
      scene.provider.answering = (response, asked) =>
        asked.body['seed'] === 13 ? response.writeHead(400).end() : answering(response, asked);
      for (let time = 0; time < 8; time += 1) await question();
      expect(await ask(busy, STREAMED)).toBe(200);
    });

    it('gets a place back when a caller leaves before its answer begins', async () => {
      const begun = new Promise<void>((resolve) => (scene.provider.answering = () => resolve()));
      const calls = [busy?.open(STREAMED), busy?.open(STREAMED)];
      await begun;
      for (const one of calls) one?.call.destroy();
      scene.provider.answerProperly();
      expect(await eventually(async () => (await ask()) === 200)).toBe(true);
    });
  });

  describe('a caller that stops reading', () => {
    it('is disconnected, and its place is free again', async () => {
      limits({ AI_CALLER_TIMEOUT_MS: 200, AI_MAX_CALLS_PER_TENANT: 1 });
      sendForEver();
      const { closed } = await begin();
      expect(await closed).toBe('aborted');
      scene.provider.answerProperly();
      expect(await eventually(async () => (await ask()) === 200)).toBe(true);
    });

    it('does not make its provider look broken if the time of the question ends', async () => {
      limits({ AI_TOTAL_TIMEOUT_MS: 300 });
      sendForEver();
      const { answer, closed } = await begin();
      expect(await closed).toBe('aborted');
      expect(Buffer.concat(await answer.toArray()).toString()).toContain('"code":"ai_timeout"');
      limits({ AI_TOTAL_TIMEOUT_MS: 60_000 });
      scene.provider.answerProperly();
      expect(await ask()).toBe(200);
    });

    it('does not make its provider look broken if that closes the connection', async () => {
      const { isHeldUp, breakOff } = sendForEver();
      const { answer, closed } = await begin();
      await isHeldUp();
      scene.plane.clock.advance(6);
      breakOff();
      await closed;
      expect(Buffer.concat(await answer.toArray()).toString()).toContain('"code":"ai_unavailable"');
      scene.provider.answerProperly();
      expect(await ask()).toBe(200);
    });
  });

  describe('a provider', () => {
    it('is not blamed for the time that another has used', async () => {
      const [first, second] = [await StandInAiProvider.start(), await StandInAiProvider.start()];
      const ids: string[] = [];
      for (const [order, { baseUrl: base_url }] of [first, second].entries()) {
        const body = { name: `p${order}`, kind: 'openai_compatible', base_url, models: MODELS, order };
        ids.push((await scene.plane.post('/api/ai/providers', body).expect(201)).body.id);
      }
      limits({ AI_FIRST_TOKEN_TIMEOUT_MS: 300, AI_TOTAL_TIMEOUT_MS: 400 });
      first.stopAfter(0);
      second.stopAfter(0);
      expect(await ask()).toEqual([503, 'ai_timeout']);
      second.answerProperly();
      expect(await ask()).toBe(200);
      expect([first.asked.length, second.asked.length]).toEqual([1, 2]);
      await scene.plane.remove(AiProvider, { id: In(ids) });
      await Promise.all([first.stop(), second.stop()]);
    });

    it('is blamed if it does not begin in all the time that a question has', async () => {
      limits({ AI_TOTAL_TIMEOUT_MS: 300 });
      scene.provider.stopAfter(0);
      expect(await ask()).toEqual([503, 'ai_timeout']);
      const asked = scene.provider.asked.length;
      const paused = await other?.ask();
      expect([paused && refusal(paused), paused?.headers['retry-after']]).toEqual([
        [503, 'ai_unavailable'],
        '30',
      ]);
      expect(scene.provider.asked).toHaveLength(asked);
    });

    it('that is left alone costs no credits, not even for a moment', async () => {
      scene.provider.refuse(500);
      await ask();
      const reserve = jest.spyOn(scene.plane.app.get(AiCredits), 'reserve');
      expect(await ask()).toEqual([503, 'ai_unavailable']);
      expect(reserve).not.toHaveBeenCalled();
      reserve.mockRestore();
    });
  });

  it('show in the metrics, which name no tenant', async () => {
    const metrics = async (): Promise<string> => (await scene.plane.get('/metrics').expect(200)).text;
    await ask();
    await ask(busy, STREAMED);
    scene.provider.stopAfter(1);
    const open = [await begin(), await begin()];
    await ask();
    expect(await metrics()).toContain('atlas_ai_calls_in_progress{provider="environment"} 2\n');
    for (const { call, closed } of open) {
      call.destroy();
      await closed;
    }
    await ask(busy, TOO_MUCH);
    scene.provider.refuse(400);
    await ask(other);
    scene.provider.refuse(500);
    await ask(other);
    const isLeft = async (): Promise<boolean> => (await metrics()).includes('outcome="left"} 2\n');
    await eventually(isLeft, { what: 'both calls have ended' });
    const text = await metrics();
    for (const line of [
      'atlas_ai_calls_total{provider="environment",outcome="answered"} 2',
      'atlas_ai_calls_total{provider="environment",outcome="refused"} 1',
      'atlas_ai_calls_total{provider="environment",outcome="failed"} 1',
      'atlas_ai_first_token_seconds_count{provider="environment"} 4',
      'atlas_ai_calls_in_progress{provider="environment"} 0',
      'atlas_ai_breaker_open{provider="environment"} 1',
      'atlas_ai_questions_refused_total{reason="tenant_busy"} 1',
      'atlas_ai_questions_refused_total{reason="credits"} 1',
    ])
      expect(text).toContain(`${line}\n`);
    for (const asker of [busy, other]) expect(text).not.toContain(asker?.tenantId);
  });
});
