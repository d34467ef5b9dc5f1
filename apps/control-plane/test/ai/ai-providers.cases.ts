import { Database, SecretBox } from '@atlas/persistence';
import { CommitFaults, EVERY_DATABASE, untilAnswered } from '@atlas/testing';
import { Operator } from '../../src/accounts/operator.entity';
import { AiProvider } from '../../src/ai-gateway/providers/ai-provider.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Resealer } from '../../src/sealing/resealer';
import { SEALED, placeIn } from '../../src/sealing/sealed-columns';
import { SEALING_KEYS, TestControlPlane } from '../control-plane.fixture';
import { HeldOperator } from '../held-operator.fixture';
import { refusal } from '../plane-simulator.fixture';

const PATH = '/api/ai/providers';
const KEY = 'sk-only-the-provider-may-read-this';
const MODELS = { core: ['small'], operations: ['small', 'large'], enterprise: [] };

let made = 0;
const bodyOf = (changes: object = {}): Record<string, unknown> => ({
  name: `Provider ${(made += 1)}`,
  kind: 'openai_compatible',
  base_url: 'https://ai.example.com/v1',
  models: MODELS,
  key: KEY,
  ...changes,
});

describe.each(EVERY_DATABASE)('the AI providers on %s', (driver) => {
  let plane: TestControlPlane;
  let faults: CommitFaults;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestControlPlane.boot(driver, {}, {}, (url) => faults.through(url));
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  const create = async (changes: object = {}): Promise<{ id: string; etag: string }> => {
    const { body } = await plane.post(PATH, bodyOf(changes)).expect(201);
    const { headers } = await plane.get(`${PATH}/${body.id}`).expect(200);
    return { id: body.id, etag: headers['etag'] ?? '' };
  };
  const audited = (action: string, targetId: string) => plane.rows(AuditEvent, { action, targetId });
  const keyOf = async (id: string): Promise<string | null> => {
    const [{ keySealed = null } = {}] = await plane.rows(AiProvider, { id });
    const place = placeIn(SEALED.aiProviderKey, id);
    return keySealed === null ? null : plane.app.get(SecretBox).open(keySealed, place).reveal();
  };

  it('store the key sealed, and show it to nobody', async () => {
    const body = bodyOf({ order: 3 });
    const created = await plane.post(PATH, body).expect(201);
    const { key, ...shown } = body;
    expect(created.body).toMatchObject({ ...shown, order: 3, enabled: true, has_key: true });
    const { id } = created.body;
    const one = await plane.get(`${PATH}/${id}`).expect(200);
    const list = await plane.get(PATH).expect(200);
    const changed = await plane.patch(`${PATH}/${id}`, { key: `${KEY}-2` }).expect(200);
    const [{ keySealed = '' } = {}] = await plane.rows(AiProvider, { id });
    const events = JSON.stringify(await plane.rows(AuditEvent));
    for (const text of [created.text, one.text, list.text, changed.text, events])
      for (const secret of [key, keySealed]) expect(text).not.toContain(secret);
    expect(JSON.stringify(await plane.rows(AiProvider))).not.toContain(key);
    expect(await keyOf(id)).toBe(`${KEY}-2`);
    expect(await audited('ai_provider.created', id)).toMatchObject([{ after: { name: body['name'] } }]);
    expect(await audited('ai_provider.changed', id)).toMatchObject([{ after: { key_changed: true } }]);
  });

  it('say how much their models may think, which changes only when it is sent', async () => {
    const { id } = await create({ reasoning_tokens: 8000 });
    const tokens = async (): Promise<number> => (await plane.get(`${PATH}/${id}`)).body.reasoning_tokens;
    await plane.patch(`${PATH}/${id}`, { order: 7 }).expect(200);
    expect(await tokens()).toBe(8000);
    await plane.patch(`${PATH}/${id}`, { reasoning_tokens: 0 }).expect(200);
    expect(await tokens()).toBe(0);
    expect((await plane.patch(`${PATH}/${id}`, { reasoning_tokens: -1 })).status).toBe(400);
  });

  it('are listed in the order in which they are tried', async () => {
    const [last, first] = [await create({ order: 900 }), await create({ order: 0 })];
    const { items } = (await plane.get(PATH).expect(200)).body;
    const ids = items.map(({ id }: { id: string }) => id);
    expect([ids[0], ids.at(-1)]).toEqual([first.id, last.id]);
  });

  it('are created once per Idempotency-Key', async () => {
    const body = bodyOf();
    const options = { headers: { 'idempotency-key': 'provider' } };
    const answers = await Promise.all([1, 2, 3].map(() => plane.post(PATH, body, options)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(await plane.count(AiProvider, { name: body['name'] })).toBe(1);
    const other = await plane.post(PATH, { ...body, key: 'another' }, options);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('have names of their own, even if two are created at once', async () => {
    const body = bodyOf();
    const answers = await Promise.all([plane.post(PATH, body), plane.post(PATH, body)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const { id } = await create();
    const renamed = await plane.patch(`${PATH}/${id}`, { name: body['name'] });
    expect([renamed.status, renamed.body.code]).toEqual([409, 'ai_provider_name_taken']);
  });

  it.each([
    ['http to a public address', { base_url: 'http://8.8.8.8/v1' }, 'base_url'],
    ['credentials in the URL', { base_url: 'https://a:b@ai.example.com' }, 'base_url'],
    ['a query in the URL', { base_url: 'https://ai.example.com?a=b' }, 'base_url'],
    ['another protocol', { base_url: 'ftp://ai.example.com' }, 'base_url'],
    ['an unknown kind', { kind: 'oracle' }, 'kind'],
    ['Anthropic without a key', { kind: 'anthropic', key: undefined }, 'key'],
    ['a key with a line break', { key: 'a\nb' }, 'key'],
    ['a model without a name', { models: { core: [''] } }, 'models.core'],
    ['an unknown plan', { models: { gold: ['large'] } }, 'models.gold'],
    ['no models', { models: undefined }, 'models'],
  ])('refuse %s', async (_, changes, field) => {
    const answer = await plane.post(PATH, bodyOf(changes));
    expect([answer.status, answer.body.errors?.map((error: { field: string }) => error.field)]).toEqual([
      400,
      [field],
    ]);
  });

  it.each(['http://127.0.0.1:11434/v1', 'http://10.1.2.3/v1', 'http://models.internal/v1'])(
    'may be at %s',
    async (base_url) => {
      expect((await plane.post(PATH, bodyOf({ base_url }))).status).toBe(201);
    },
  );

  it('never send a stored key to another host', async () => {
    const { id } = await create();
    const moved = { base_url: 'https://elsewhere.example.com/v1' };
    const refused = await plane.patch(`${PATH}/${id}`, moved);
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'key']);
    await plane.patch(`${PATH}/${id}`, { base_url: 'https://ai.example.com/v2' }).expect(200);
    expect(await keyOf(id)).toBe(KEY);
    await plane.patch(`${PATH}/${id}`, { ...moved, key: 'a-new-key' }).expect(200);
    expect(await keyOf(id)).toBe('a-new-key');
    await plane.patch(`${PATH}/${id}`, { key: null }).expect(200);
    await plane.patch(`${PATH}/${id}`, { base_url: 'https://third.example.com' }).expect(200);
  });

  it('of two changes to the same version, apply only one', async () => {
    const { id, etag } = await create();
    const change = (order: number) =>
      plane.patch(`${PATH}/${id}`, { order }, { headers: { 'if-match': etag } });
    const answers = await Promise.all([change(1), change(2)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(await audited('ai_provider.changed', id)).toHaveLength(1);
    const outdated = await plane.delete(`${PATH}/${id}`, { headers: { 'if-match': etag } });
    expect([outdated.status, outdated.body.code]).toEqual([412, 'changed_meanwhile']);
    await plane.delete(`${PATH}/${id}`).expect(204);
    expect(refusal(await plane.delete(`${PATH}/${id}`))).toEqual([404, 'not_found']);
    expect(await audited('ai_provider.removed', id)).toHaveLength(1);
  });

  it('change exactly once although COMMITs fail', async () => {
    const body = bodyOf();
    const options = { headers: { 'idempotency-key': 'faulty' } };
    faults.begin();
    const created = await untilAnswered(() => plane.post(PATH, body, options));
    faults.end();
    expect(created.status).toBe(201);
    expect(await plane.count(AiProvider, { name: body['name'] })).toBe(1);
    expect(await audited('ai_provider.created', created.body.id)).toHaveLength(1);
  });

  it('are not changed by an owner whose access is revoked in flight', async () => {
    const email = `owner-${driver}@example.com`;
    await plane.createOperator(email, 'owner');
    const token = await plane.login(email);
    const [{ id: operatorId = '' } = {}] = await plane.rows(Operator, { email });
    const body = bodyOf();
    const [disabled, created] = await HeldOperator.queue(
      plane,
      operatorId,
      plane.patch(`/api/operators/${operatorId}`, { disabled: true }, { token: plane.session }),
      plane.post(PATH, body, { token }),
    );
    expect([disabled.status, created.status]).toEqual([200, 401]);
    expect(await plane.count(AiProvider, { name: body['name'] })).toBe(0);
  });

  it('are resealed when the sealing key changes', async () => {
    const { id } = await create();
    const place = placeIn(SEALED.aiProviderKey, id);
    const [old, current] = [
      { id: 'k0', key: Buffer.alloc(32, 9) },
      { id: 'k1', key: Buffer.from(SEALING_KEYS.split(':')[1] ?? '', 'base64') },
    ] as const;
    await plane.change(AiProvider, { id }, { keySealed: new SecretBox([old]).seal(KEY, place) });
    const resealer = new Resealer(plane.app.get(Database), new SecretBox([current, old]));
    expect(await resealer.reseal()).toEqual({ resealed: 1, unreadable: 0 });
    expect(await keyOf(id)).toBe(KEY);
  });
});
