import { Chores } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { CommitFaults, EVERY_DATABASE, eventually } from '@atlas/testing';
import { AiCredits } from '../../src/ai-gateway/credits/ai-credits';
import { AiReservation, AiUsage } from '../../src/ai-gateway/credits/ai-usage.entity';
import { ControlPlaneConfig } from '../../src/config/control-plane.config';
import { Tenant } from '../../src/registry/tenant.entity';
import { AiScene, type Asker, QUESTION } from '../ai-scene.fixture';
import { TestControlPlane } from '../control-plane.fixture';
import { bodyOf, refusal } from '../plane-simulator.fixture';

/** 18 bytes and 8 tokens for the message, and the longest answer. */
const RESERVED = 18 + 8 + 100;
const SHORT = { ...QUESTION, max_tokens: 100 };
const MANY_AT_ONCE = { AI_MAX_CALLS_PER_TENANT: '100' };
const CORE = 500_000;
const DAY_MS = 24 * 3600_000;

describe.each(EVERY_DATABASE)('AI credits on %s', (driver) => {
  let scene: AiScene;
  let asker: Asker;
  let faults: CommitFaults;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    scene = await AiScene.set(driver, MANY_AT_ONCE, (url) => faults.through(url));
  });
  beforeEach(async () => (asker = await scene.tenant('shared', `region-${(regions += 1)}`)));
  afterEach(() => {
    scene.provider.answerProperly();
    Object.assign(scene.provider, { promptTokens: 20, completionTokens: 4, reasoningTokens: 0 });
    scene.plane.app.get(ControlPlaneConfig).AI_PROVIDER_REASONING_TOKENS = 0;
  });
  afterAll(async () => {
    await scene.close();
    await faults.stop();
  });
  let regions = 0;

  const usage = async (month?: string): Promise<Record<string, unknown>> => {
    const query = `tenant_id=${asker.tenantId}${month ? `&month=${month}` : ''}`;
    return (await scene.plane.get(`/api/ai/usage?${query}`).expect(200)).body;
  };
  /** Leaves this many tokens of the month. */
  const leave = async (tokens: number): Promise<void> => {
    await asker.ask(SHORT);
    const where = { tenantId: asker.tenantId, month: '2030-01' };
    await scene.plane.change(AiUsage, where, { promptTokens: CORE - tokens, completionTokens: 0 });
  };
  const reservations = () => scene.plane.count(AiReservation, { tenantId: asker.tenantId });

  it.each([false, true])("are settled with the provider's own usage (stream: %s)", async (stream) => {
    expect((await asker.ask({ ...SHORT, stream })).status).toBe(200);
    expect(await usage()).toEqual({
      tenant_id: asker.tenantId,
      month: '2030-01',
      credits_limit: 500,
      credits_used: 0.024,
      credits_reserved: 0,
      prompt_tokens: 20,
      completion_tokens: 4,
      lost_tokens: 0,
      questions: 1,
      estimated_questions: 0,
    });
  });

  it('are reserved for the higher of two limits, because a provider may know only that one', async () => {
    await leave(RESERVED);
    const answer = await asker.ask({ ...SHORT, max_completion_tokens: 1, max_tokens: 101 });
    expect(refusal(answer)).toEqual([403, 'quota_exceeded']);
    expect((await asker.ask({ ...SHORT, max_completion_tokens: 1, max_tokens: 100 })).status).toBe(200);
  });

  it('cannot be spent once a bill has been unpaid for 14 days', async () => {
    const due = (ms: number): Promise<unknown> =>
      scene.plane.change(
        Tenant,
        { id: asker.tenantId },
        { pastDueSince: new Date(scene.plane.clock.now().getTime() - ms) },
      );
    await due(14 * DAY_MS - 1);
    expect((await asker.ask(SHORT)).status).toBe(200);
    await due(14 * DAY_MS);
    expect(refusal(await asker.ask(SHORT))).toEqual([402, 'payment_required']);
  });

  it.each([false, true])(
    'count what a model thinks in addition to its answer (stream: %s)',
    async (stream) => {
      scene.plane.app.get(ControlPlaneConfig).AI_PROVIDER_REASONING_TOKENS = 1000;
      scene.provider.reasoningTokens = 700;
      await leave(RESERVED + 1000);
      expect((await asker.ask({ ...SHORT, stream })).status).toBe(200);
      expect(await usage()).toMatchObject({ completion_tokens: 704, credits_reserved: 0 });
      await leave(RESERVED + 999);
      expect(refusal(await asker.ask({ ...SHORT, stream }))).toEqual([403, 'quota_exceeded']);
    },
  );

  it('are not overspent by many models that think at once', async () => {
    scene.plane.app.get(ControlPlaneConfig).AI_PROVIDER_REASONING_TOKENS = 1000;
    Object.assign(scene.provider, { promptTokens: 26, completionTokens: 100, reasoningTokens: 1000 });
    await leave(3 * (RESERVED + 1000) + 500);
    const answers = await Promise.all(Array.from({ length: 8 }, () => asker.ask(SHORT)));
    const codes = new Set(answers.map((answer) => (answer.status === 200 ? 'answered' : refusal(answer)[1])));
    expect(codes).toEqual(new Set(['answered', 'quota_exceeded']));
    const { credits_used, credits_reserved } = await usage();
    expect([Number(credits_used) <= 500, credits_reserved]).toEqual([true, 0]);
  });

  it('are estimated with all that a model may have thought if a stream is cut off', async () => {
    scene.plane.app.get(ControlPlaneConfig).AI_PROVIDER_REASONING_TOKENS = 1000;
    scene.provider.stopAfter(2, (response) => response.destroy());
    await asker.ask({ ...SHORT, stream: true });
    expect(await usage()).toMatchObject({ prompt_tokens: 13, completion_tokens: 1003 });
  });

  it('are reserved while a question is being answered', async () => {
    const begun = new Promise<void>((resolve) => (scene.provider.answering = () => resolve()));
    const { call } = asker.open(SHORT);
    await begun;
    expect(await usage()).toMatchObject({ credits_used: 0, credits_reserved: RESERVED / 1000 });
    call.destroy();
    await eventually(async () => (await reservations()) === 0);
    // The provider may charge for the prompt: 18 bytes are estimated as 5 tokens, and the message as 8.
    expect(await usage()).toMatchObject({ prompt_tokens: 13, completion_tokens: 0, estimated_questions: 1 });
  });

  it('are estimated from what arrived if a stream is cut off', async () => {
    scene.provider.stopAfter(2, (response) => response.destroy());
    await asker.ask({ ...SHORT, stream: true });
    // "The disk " has 9 bytes.
    expect(await usage()).toMatchObject({ prompt_tokens: 13, completion_tokens: 3, estimated_questions: 1 });
    expect(await reservations()).toBe(0);
  });

  it('are not spent on a question that no provider answers', async () => {
    scene.provider.refuse(400);
    await asker.ask(SHORT);
    expect(await usage()).toMatchObject({ credits_used: 0, credits_reserved: 0, questions: 0 });
  });

  it('refuse a question that may need more than is left, and say which budget ran out', async () => {
    await leave(RESERVED - 1);
    const count = scene.provider.asked.length;
    const answer = await asker.ask(SHORT);
    expect(refusal(answer)).toEqual([403, 'quota_exceeded']);
    expect(bodyOf(answer)).toMatchObject({
      quota: 'ai_credits_per_month',
      limit: 500,
      used: (CORE - RESERVED + 1) / 1000,
      renews_at: '2030-02-01T00:00:00.000Z',
      detail: expect.stringMatching(/ai_credits_per_month.*500 credits/),
    });
    expect(scene.provider.asked).toHaveLength(count);
    expect((await asker.ask({ ...QUESTION, max_tokens: 99 })).status).toBe(200);
  });

  it('are full again at midnight UTC on the first', async () => {
    const { clock } = scene.plane;
    const month = (at: string) => clock.jump((new Date(at).getTime() - clock.now().getTime()) / 1000);
    const began = clock.now();
    await leave(0);
    month('2030-01-31T23:59:59.999Z');
    expect((await asker.ask(SHORT)).status).toBe(403);
    month('2030-02-01T00:00:00.000Z');
    expect((await asker.ask(SHORT)).status).toBe(200);
    expect(await usage()).toMatchObject({ month: '2030-02', questions: 1 });
    month(began.toISOString());
    expect(await usage('2030-02')).toMatchObject({ month: '2030-02', questions: 1 });
  });

  it('are counted from the first question of a month, even if many come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => asker.ask(SHORT)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await usage()).toMatchObject({ questions: 20, credits_used: (20 * 24) / 1000 });
  });

  it('are spent exactly, and not overspent, by 50 questions at once', async () => {
    await leave(20 * RESERVED);
    const waiting: (() => void)[] = [];
    scene.provider.completionTokens = 100;
    scene.provider.promptTokens = 26;
    scene.provider.answering = (response, asked) => {
      waiting.push(() => {
        scene.provider.answerProperly();
        scene.provider.answering(response, asked);
      });
      if (waiting.length === 20) for (const answer of waiting) answer();
    };
    const answers = await Promise.all(Array.from({ length: 50 }, () => asker.ask(SHORT)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.filter((status) => status === 403)).toHaveLength(30);
    expect(await usage()).toMatchObject({ credits_used: 500, credits_reserved: 0 });
  });

  it('stay exact although COMMITs fail', async () => {
    faults.begin();
    const answers = [];
    for (let i = 0; i < 12; i += 1) answers.push(await asker.ask(SHORT));
    faults.end();
    expect(faults.count).toBeGreaterThan(3);
    const answered = answers.filter(({ status }) => status === 200).length;
    expect(answered).toBeGreaterThan(0);
    expect(await reservations()).toBe(0);
    expect(await usage()).toMatchObject({
      credits_used: (answered * 24) / 1000,
      credits_reserved: 0,
      lost_tokens: 0,
      questions: answered,
      estimated_questions: 0,
    });
  });

  it('of a process that died are spent in full once they expire, and only once', async () => {
    const credits = scene.plane.app.get(AiCredits);
    const [tenant] = (await scene.plane.rows(Tenant, { id: asker.tenantId })) as [Tenant];
    const reservation = await credits.reserve(tenant, 700);
    const { AI_TOTAL_TIMEOUT_MS } = scene.plane.app.get(ControlPlaneConfig);
    scene.plane.clock.advance(AI_TOTAL_TIMEOUT_MS / 1000);
    await credits.sweep();
    expect(await usage()).toMatchObject({ credits_used: 0, credits_reserved: 0.7 });
    scene.plane.clock.advance(61);
    await scene.plane.app.get(Chores).run(new Date());
    expect(await usage()).toMatchObject({ credits_used: 0.7, credits_reserved: 0, lost_tokens: 700 });
    await Promise.all([
      credits.sweep(),
      credits.settle(reservation, { prompt: 1, completion: 1, isEstimated: false }),
    ]);
    expect(await usage()).toMatchObject({ credits_used: 0.7, credits_reserved: 0, lost_tokens: 700 });
  });

  it('count for nobody else, and store nothing that was said', async () => {
    const secret = 'the-secret-of-the-incident';
    scene.provider.text = `It is ${secret}.`;
    await asker.ask({ messages: [{ role: 'user', content: `What is ${secret}?` }] });
    scene.provider.text = 'The disk is full.';
    const database = scene.plane.app.get(Database);
    for (const { tableName, target } of database.dataSource.entityMetadatas) {
      const rows = await database.read((manager) => manager.find(target));
      expect([tableName, JSON.stringify(rows).includes(secret)]).toEqual([tableName, false]);
    }
    expect(await scene.plane.rows(AiUsage, { tenantId: asker.tenantId })).toHaveLength(1);
    const missing = await scene.plane.get('/api/ai/usage?tenant_id=01900000-0000-7000-8000-000000000000');
    expect([missing.status, missing.body.code]).toEqual([404, 'tenant_not_found']);
  });
});

describe('AI credits of two processes', () => {
  it('are not overspent by 50 questions at once', async () => {
    const scene = await AiScene.set('postgres', MANY_AT_ONCE);
    const second = await TestControlPlane.open(scene.plane.database, scene.plane.clock, scene.env);
    const asker = await scene.tenant('shared');
    await asker.ask(SHORT);
    await scene.plane.change(
      AiUsage,
      { tenantId: asker.tenantId },
      { promptTokens: CORE - 24 - 20 * RESERVED },
    );
    let asked = 0;
    let free: () => void = () => undefined;
    const freed = new Promise<void>((resolve) => (free = resolve));
    scene.provider.completionTokens = 100;
    scene.provider.promptTokens = 26;
    const answering = scene.provider.answering;
    scene.provider.answering = (response, question) => {
      if ((asked += 1) === 20) free();
      void freed.then(() => answering(response, question));
    };
    const twin = asker.at(second.url);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? asker : twin).ask(SHORT)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(30);
    const { body } = await scene.plane.get(`/api/ai/usage?tenant_id=${asker.tenantId}`);
    expect(body).toMatchObject({ credits_reserved: 0 });
    expect(body.credits_used).toBeLessThanOrEqual(500);
    expect(body.questions).toBe(21);
    await second.app.close();
    await scene.close();
  });
});
