import { StandInAiProvider, eventually } from '@atlas/testing';
import { In } from 'typeorm';
import { AiCredits } from '../../src/ai-gateway/credits/ai-credits';
import { AiProvider } from '../../src/ai-gateway/providers/ai-provider.entity';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { AiScene, type Asker, QUESTION } from '../ai-scene.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

const MODELS = { core: ['any'], operations: ['any'], enterprise: ['any'] };
const STREAMED = { ...QUESTION, stream: true };

/** Settings have their defaults unless a test changes them. The database driver does not matter. */
describe.each([
  ['unstreamed', QUESTION],
  ['streamed', STREAMED],
])('an AI provider that does not respond to %s questions', (_, question) => {
  let scene: AiScene;
  let asker: Asker;
  /** Answer the questions that wait, one call each. */
  let answers: (() => void)[];
  beforeEach(async () => {
    scene = await AiScene.set('sqlite');
    asker = await scene.tenant('shared');
    answers = [];
    const answering = scene.provider.answering;
    scene.provider.answering = (...asked) => void answers.push(() => answering(...asked));
  });
  afterEach(() => scene.close());

  const statusOf = async (): Promise<number> => (await asker.ask(question)).status;
  /** Questions that have waited for so many seconds. Resolves to their statuses. */
  const hang = async (seconds: number): Promise<Promise<number[]>[]> => {
    const statuses = Promise.all(Array.from({ length: 5 }, statusOf));
    await eventually(() => answers.length === 5);
    scene.plane.clock.advance(seconds);
    return [statuses];
  };
  const suspicion = async (): Promise<string | undefined> =>
    /^atlas_ai_suspicion{.*/m.exec((await scene.plane.get('/metrics').expect(200)).text)?.[0];

  it('gets no more of them after 3 s, except for one every 3 s, and no credits are reserved', async () => {
    const [waiting] = await hang(3);
    expect(await suspicion()).toBe('atlas_ai_suspicion{provider="environment"} 1');
    const probe = statusOf();
    await eventually(() => answers.length === 6);
    const reserve = jest.spyOn(scene.plane.app.get(AiCredits), 'reserve');
    const refused = await asker.ask(question);
    expect([refusal(refused), refused.headers['retry-after']]).toEqual([[503, 'ai_unavailable'], '3']);
    expect(bodyOf<{ detail: string }>(refused).detail).toContain('does not respond');
    expect([reserve.mock.calls, answers.length]).toEqual([[], 6]);
    reserve.mockRestore();
    for (const answer of answers) answer();
    expect([await waiting, await probe]).toEqual([[200, 200, 200, 200, 200], 200]);
  });

  it('is replaced by the next provider, and asked again after its first response', async () => {
    const second = await StandInAiProvider.start();
    const ids: string[] = [];
    for (const [order, { baseUrl: base_url }] of [scene.provider, second].entries()) {
      const body = { name: `p${order}`, kind: 'openai_compatible', base_url, models: MODELS, order };
      ids.push((await scene.plane.post('/api/ai/providers', body).expect(201)).body.id);
    }
    const [waiting] = await hang(2.9);
    const sixth = statusOf();
    await eventually(() => answers.length === 6);
    scene.plane.clock.advance(0.1);
    expect([await statusOf(), second.asked.length]).toEqual([200, 1]);
    answers[0]?.();
    await eventually(async () => (await suspicion())?.endsWith(' 0'));
    const seventh = statusOf();
    await eventually(() => answers.length === 7);
    for (const answer of answers.slice(1)) answer();
    expect([await waiting, await sixth, await seventh]).toEqual([[200, 200, 200, 200, 200], 200, 200]);
    expect(second.asked).toHaveLength(1);
    await scene.plane.remove(AiProvider, { id: In(ids) });
    await second.stop();
  });

  it('remains under suspicion if it breaks off, or if it refuses one', async () => {
    const [waiting] = await hang(3);
    scene.provider.stopAfter(0, (response) => response.destroy());
    expect(await statusOf()).toBe(503);
    expect(await suspicion()).toMatch(/ 1$/);
    scene.plane.clock.advance(3);
    scene.provider.refuse(401);
    expect(await statusOf()).toBe(503);
    expect(await suspicion()).toMatch(/ 1$/);
    for (const answer of answers) answer();
    expect(await waiting).toEqual([200, 200, 200, 200, 200]);
  });

  it('is not blamed for them if it responds to others before their time is over', async () => {
    scene.plane.app.get(ControlPlaneConfig).AI_FIRST_TOKEN_TIMEOUT_MS = 3000;
    const [waiting] = await hang(3);
    scene.provider.answerProperly();
    expect(await statusOf()).toBe(200);
    expect(await waiting).toEqual([503, 503, 503, 503, 503]);
    expect(await statusOf()).toBe(200);
  });

  it('is blamed for them if it never responds', async () => {
    scene.plane.app.get(ControlPlaneConfig).AI_FIRST_TOKEN_TIMEOUT_MS = 300;
    const [waiting] = await hang(0);
    expect(await waiting).toEqual([503, 503, 503, 503, 503]);
    const refused = await asker.ask(question);
    expect(bodyOf<{ detail: string }>(refused).detail).toContain('keeps failing');
  });
});
