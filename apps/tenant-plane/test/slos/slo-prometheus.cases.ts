import { type ServerResponse } from 'node:http';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type SloStatusView, type SloView } from '@atlas/tenant-api/slos';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { DueWork } from '../../src/due/due-work';
import { SloCredentials } from '../../src/slos/slo-credentials';
import { SloMeasurements } from '../../src/slos/slo-measurements';
import { SloBucket } from '../../src/slos/slo-bucket.entity';
import { SealedHeaders } from '../../src/slos/slo-credentials.entity';
import { Slo } from '../../src/slos/slo.entity';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { allowAddresses } from '../allow-addresses.fixture';
import { type Question, StandInPrometheus, vector } from './stand-in-prometheus.fixture';

const MINUTE = 60;

const result = (resultType: unknown, value: unknown): object => ({
  status: 'success',
  data: { resultType, result: value },
});

describe.each(EVERY_DATABASE)('objectives that Prometheus measures on %s', (driver) => {
  let clock: FixedClock;
  let prometheus: StandInPrometheus;
  let plane: TestTenantPlane;
  let other: TestTenantPlane | undefined;
  let tenant: DesiredTenant;
  let admin: CallOptions;

  beforeAll(async () => {
    prometheus = await StandInPrometheus.start();
    clock = new FixedClock();
    plane = await TestTenantPlane.boot(driver, { clock });
    allowAddresses(plane);
  });
  afterAll(async () => {
    await prometheus.close();
    await other?.close();
    await plane.close();
  });
  let count = 0;
  beforeEach(async () => {
    clock.advance(MINUTE - ((clock.now().getTime() / 1000) % MINUTE));
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
    prometheus.questions.length = 0;
    counting(99, 100);
  });
  // So that sweeps attend only to the objectives of the next test.
  afterEach(() => plane.tenants.write(tenant.tenant_id, (scope) => scope.update(Slo, {}, { dueAt: null })));

  const indicator = () => ({
    kind: 'prometheus',
    url: `${prometheus.url}/`,
    good_query: 'good{code!~"5.."}',
    total_query: 'total',
  });
  const counting = (good: number | string, total: number | string): void =>
    prometheus.answer(({ query }) => vector(String(query === 'total' ? total : good)));
  const create = async (): Promise<SloView> => {
    const wanted = { name: 'Checkout', objective: 0.99, window_days: 30, indicator: indicator() };
    return (await plane.post('/api/slos', wanted, admin).expect(201)).body;
  };
  const get = async (id: string): Promise<SloView> =>
    (await plane.get(`/api/slos/${id}`, admin).expect(200)).body;
  const status = async (id: string): Promise<SloStatusView> =>
    (await plane.get(`/api/slos/${id}/status`, admin).expect(200)).body;
  const incidents = async (): Promise<string[]> =>
    (await plane.get('/api/incidents', admin).expect(200)).body.items.map(
      (incident: { status: string }) => incident.status,
    );
  const sweep = async (on = plane): Promise<void> => {
    await on.app.get(DueWork).sweep();
    await on.app.get(SloMeasurements).settled();
  };
  const pass = async (minutes: number): Promise<void> => {
    clock.advance(minutes * MINUTE);
    await sweep();
  };

  it('ask for the good and all events of each minute once, at its end', async () => {
    const { id } = await create();
    const begins = clock.now().getTime() / 1000;
    clock.advance(74);
    await sweep();
    expect(prometheus.questions).toEqual([]);
    clock.advance(1);
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.update(Slo, {}, { dueAt: clock.now() }));
    await sweep();
    expect(prometheus.questions).toEqual([
      { query: 'total', time: begins + 60 },
      { query: 'good{code!~"5.."}', time: begins + 60 },
    ]);
    await pass(1);
    await pass(1);
    expect(prometheus.questions.map(({ time }) => time - begins)).toEqual([60, 60, 120, 120, 180, 180]);
    expect(await status(id)).toMatchObject({ good: 297, total: 300, state: 'exhausted' });
    expect(await plane.rows(tenant, SloBucket)).toHaveLength(3);
  });

  it('cannot be given events by requests', async () => {
    const { id } = await create();
    const answer = await plane.post(`/api/slos/${id}/events`, { good: 1, total: 1 }, admin).expect(422);
    expect(answer.body.code).toBe('events_not_accepted');
    const changed = await plane
      .patch(`/api/slos/${id}`, { indicator: { kind: 'events' } }, admin)
      .expect(422);
    expect(changed.body.code).toBe('indicator_kind_fixed');
  });

  it('are measured with numbers that are not whole', async () => {
    const { id } = await create();
    counting('12.5', '12.500000001');
    await pass(2);
    expect((await status(id)).good).toBe(12.5);
  });

  it('are measured with scalars, too', async () => {
    const { id } = await create();
    prometheus.answer(() => ({ status: 'success', data: { resultType: 'scalar', result: [0, '7'] } }));
    await pass(2);
    expect((await status(id)).total).toBe(7);
  });

  it('catch up with the minutes of the last hour', async () => {
    const { id } = await create();
    await pass(30);
    expect((await status(id)).total).toBe(29 * 100);
    await pass(90);
    expect((await status(id)).total).toBe((29 + 60) * 100);
  });

  const answers: readonly [string, string, () => void][] = [
    ['NaN', 'indicator_not_a_number', () => counting('NaN', 10)],
    ['infinity', 'indicator_not_a_number', () => counting(1, '+Inf')],
    ['a number that cannot be added up', 'indicator_not_a_number', () => counting(1, '1e308')],
    [
      'an object in place of a number',
      'indicator_not_a_number',
      () => prometheus.answer(() => result('scalar', [0, { toString: 1 }])),
    ],
    [
      'an object in place of a type',
      'indicator_wrong_type',
      () => prometheus.answer(() => result({ toString: 1 }, [])),
    ],
    ['a negative number', 'indicator_not_a_number', () => counting(-1, 10)],
    ['an empty number', 'indicator_not_a_number', () => counting('', 10)],
    ['more good events than events', 'indicator_good_above_total', () => counting(11, 10)],
    ['nothing', 'indicator_no_data', () => prometheus.answer(() => vector())],
    ['several series', 'indicator_several_series', () => prometheus.answer(() => vector('1', '2'))],
    ['a matrix', 'indicator_wrong_type', () => prometheus.answer(() => result('matrix', []))],
    ['a text', 'indicator_wrong_type', () => prometheus.answer(() => result('string', [0, '1']))],
    [
      'an error',
      'indicator_refused',
      () => prometheus.answer(() => ({ status: 'error', errorType: 'bad_data', error: 'parse error' }), 400),
    ],
    ['a page', 'indicator_refused', () => prometheus.answerRaw((_, response) => response.end('<html>'))],
    ['null', 'indicator_refused', () => prometheus.answerRaw((_, response) => response.end('null'))],
    ['an empty object', 'indicator_refused', () => prometheus.answer(() => ({}))],
    ['no data', 'indicator_wrong_type', () => prometheus.answer(() => ({ status: 'success' }))],
  ];

  it.each(answers)('report %s as %s, count nothing, and ask again', async (_, code, answer) => {
    const { id } = await create();
    answer();
    await pass(2);
    expect((await get(id)).indicator_error).toEqual({
      code,
      detail: expect.stringMatching(/^[A-Z].*\.$|parse error$|_query .*\.$/),
      at: clock.now().toISOString(),
    });
    expect((await status(id)).state).toBe('no_data');
    counting(9, 10);
    await pass(1);
    expect(await get(id)).toMatchObject({ indicator_error: null });
    expect((await status(id)).total).toBe(20);
  });

  it('report a server that cannot be reached', async () => {
    const wanted = { name: 'x', objective: 0.99, window_days: 30 };
    const gone = { ...indicator(), url: 'http://127.0.0.1:1/secret-path?token=secret' };
    const { body } = await plane.post('/api/slos', { ...wanted, indicator: gone }, admin).expect(201);
    await pass(2);
    const { indicator_error: error } = await get(body.id);
    expect(error?.code).toBe('outbound_failed');
    expect(error?.detail).not.toContain('secret');
  });

  it('leave out minutes that Prometheus knows nothing about, once it knows a later one', async () => {
    const { id } = await create();
    const begins = clock.now().getTime() / 1000;
    const isGap = ({ time }: Question): boolean => time > begins + 60 && time <= begins + 5 * 60;
    prometheus.answer((question) => (isGap(question) ? vector() : vector('10')));
    await pass(4);
    expect(await get(id)).toMatchObject({ indicator_error: { code: 'indicator_no_data' } });
    expect((await status(id)).total).toBe(10);
    await pass(3);
    expect(await get(id)).toMatchObject({ indicator_error: null });
    expect((await status(id)).total).toBe(20);
  });

  it('ask only a few questions while Prometheus knows nothing', async () => {
    await create();
    prometheus.answer(() => vector());
    await pass(50);
    expect(prometheus.questions.length).toBeLessThanOrEqual(4);
  });

  describe('with headers', () => {
    const TOKEN = 'Bearer canary-5f0d8b1e7a2946c3';
    const createWith = async (headers: object): Promise<SloView> => {
      const wanted = { name: 'Checkout', objective: 0.99, window_days: 30 };
      const body = { ...wanted, indicator: { ...indicator(), headers } };
      return (await plane.post('/api/slos', body, admin).expect(201)).body;
    };
    const change = (id: string, fields: object) =>
      plane.patch(`/api/slos/${id}`, { indicator: { ...indicator(), ...fields } }, admin);

    it('send them, and never show them', async () => {
      const slo = await createWith({ authorization: TOKEN, 'x-scope-orgid': 'acme' });
      const shown = { authorization: null, 'x-scope-orgid': null };
      expect(slo.indicator).toEqual({ ...indicator(), headers: shown });
      prometheus.answer(
        () => ({ status: 'error', error: `no\0 access for: ${`${TOKEN}, `.repeat(40)}` }),
        401,
      );
      await pass(2);
      expect(prometheus.headers).toMatchObject({ authorization: TOKEN, 'x-scope-orgid': 'acme' });
      const failed = await get(slo.id);
      expect(failed.indicator_error?.detail).toContain('no\ufffd access for: ***');
      const document = (await plane.get(`/api/slos/${slo.id}/openslo`, admin).expect(200)).text;
      const rows = [await plane.rows(tenant, Slo), await plane.rows(tenant, SealedHeaders)];
      const told = JSON.stringify([slo, failed, document, rows, await plane.audit(tenant)]);
      expect(told).not.toContain('canary');
    });

    it('keep them for the same server, until they are replaced, removed or deleted', async () => {
      const { id } = await createWith({ authorization: TOKEN });
      await change(id, { total_query: 'other' }).expect(200);
      await change(id, { headers: { authorization: null } }).expect(200);
      await pass(2);
      expect(prometheus.headers.authorization).toBe(TOKEN);
      for (const fields of [{ url: 'http://elsewhere.example' }, { headers: { 'x-other': null } }]) {
        const { status, body } = await change(id, fields);
        expect([status, body.code]).toEqual([422, 'credential_missing']);
      }
      await change(id, { headers: { authorization: 'Basic other' } }).expect(200);
      await pass(1);
      expect(prometheus.headers.authorization).toBe('Basic other');
      expect((await change(id, { headers: {} }).expect(200)).body.indicator).toEqual(indicator());
      expect(await plane.rows(tenant, SealedHeaders)).toEqual([]);
      await pass(1);
      expect(prometheus.headers.authorization).toBeUndefined();
      const { id: other } = await createWith({ authorization: TOKEN });
      await plane.delete(`/api/slos/${other}`, admin).expect(204);
      expect(await plane.rows(tenant, SealedHeaders)).toEqual([]);
    });

    it('send them where the server redirects to on itself, but to no other server', async () => {
      const elsewhere = await StandInPrometheus.start();
      elsewhere.answer(() => vector('1'));
      const redirecting = (to: string): void =>
        prometheus.answerRaw(({ query }, response) => {
          if (query === 'moved') response.end(JSON.stringify(vector('1')));
          else response.writeHead(302, { location: `${to}/api/v1/query?query=moved&time=0` }).end();
        });
      const { id } = await createWith({ authorization: TOKEN, 'x-scope-orgid': 'canary-of-scope' });
      redirecting(prometheus.url);
      await pass(2);
      expect(prometheus.questions.at(-1)?.query).toBe('moved');
      expect(prometheus.headers.authorization).toBe(TOKEN);
      redirecting(elsewhere.url);
      await pass(1);
      expect(elsewhere.questions.at(-1)?.query).toBe('moved');
      expect(JSON.stringify(elsewhere.headers)).not.toContain('canary');
      expect((await get(id)).indicator_error).toBeNull();
      await elsewhere.close();
    });

    it('get them only for the server that they were entered for', async () => {
      const { id } = await createWith({ authorization: TOKEN });
      const headersFor = (url: string) =>
        plane.tenants.read(tenant.tenant_id, (scope) => plane.app.get(SloCredentials).of(scope, id, url));
      expect(await headersFor(`${prometheus.url}/other`)).toEqual({ authorization: TOKEN });
      expect(await headersFor('http://elsewhere.example')).toEqual({});
    });

    it('report headers that cannot be decrypted, and that can be entered again', async () => {
      const { id } = await createWith({ authorization: TOKEN });
      await plane.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(SealedHeaders, {}, { sealed: 'nonsense' }),
      );
      await pass(2);
      expect((await get(id)).indicator_error?.code).toBe('secret_unreadable');
      expect(prometheus.questions).toEqual([]);
      await change(id, { headers: { authorization: TOKEN } }).expect(200);
      await pass(1);
      expect(await get(id)).toMatchObject({ indicator_error: null });
    });

    it.each([
      [{ host: 'x' }, 422, 'header_not_allowed'],
      [{ 'a b': 'x' }, 400, 'validation_failed'],
      [{ a: 'x\r\ny: z' }, 400, 'validation_failed'],
      [{ a: 1 }, 400, 'validation_failed'],
      [{ a: null }, 422, 'credential_missing'],
    ])('refuse %j', async (headers, status, code) => {
      const body = { name: 'x', objective: 0.99, window_days: 30, indicator: { ...indicator(), headers } };
      const answer = await plane.post('/api/slos', body, admin);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    });
  });

  it('hold no transaction open while a server hangs', async () => {
    const { id } = await create();
    let release: () => void = () => undefined;
    const asked = new Promise<void>((resolve) =>
      prometheus.answerRaw((_, response) => {
        release = () => void response.end(JSON.stringify(vector('5')));
        resolve();
      }),
    );
    clock.advance(2 * MINUTE);
    await plane.app.get(DueWork).sweep();
    await asked;
    await plane.patch(`/api/slos/${id}`, { name: 'Pay' }, admin).expect(200);
    counting(5, 5);
    release();
    await plane.app.get(SloMeasurements).settled();
    expect([(await get(id)).name, (await status(id)).total]).toEqual(['Pay', 5]);
  });

  it('discard what was asked for before the query changed', async () => {
    const { id } = await create();
    let release: () => void = () => undefined;
    const asked = new Promise<void>((resolve) =>
      prometheus.answerRaw((_, response) => {
        release = () => void response.end(JSON.stringify(vector('5')));
        resolve();
      }),
    );
    clock.advance(2 * MINUTE);
    await plane.app.get(DueWork).sweep();
    await asked;
    const changed = { ...indicator(), total_query: 'other' };
    await plane.patch(`/api/slos/${id}`, { indicator: changed }, admin).expect(200);
    counting(5, 7);
    release();
    await plane.app.get(SloMeasurements).settled();
    expect((await status(id)).state).toBe('no_data');
    await pass(1);
    expect((await status(id)).total).toBe(10);
  });

  it('neither end nor begin an episode while Prometheus cannot be asked', async () => {
    const { id } = await create();
    counting(1, 10);
    await pass(2);
    expect(await incidents()).toEqual(['triggered']);
    prometheus.answer(() => ({}), 503);
    // No window with a burn rate contains the bad events any more.
    await pass(7 * 60);
    expect([await incidents(), (await get(id)).indicator_error?.code]).toEqual([
      ['triggered'],
      'indicator_refused',
    ]);
    counting(10_000, 10_000);
    await pass(1);
    expect(await incidents()).toEqual(['resolved']);
  });

  it('are measured while the servers of another tenant hang', async () => {
    const indicatorOf = (query: string) => ({ ...indicator(), good_query: query, total_query: query });
    const slow = { name: 'Slow', objective: 0.99, window_days: 30, indicator: indicatorOf('hang') };
    for (let index = 0; index < 12; index += 1) await plane.post('/api/slos', slow, admin).expect(201);
    const hanging: ServerResponse[] = [];
    prometheus.answerRaw(({ query }, response) => {
      if (query === 'hang') hanging.push(response);
      else response.end(JSON.stringify(vector('7')));
    });
    const { tenant: neighbour, admin: owner } = await plane.tenantWithAdmin(`neighbour-${count}`);
    const wanted = { ...slow, indicator: indicatorOf('quick') };
    const { body } = await plane.post('/api/slos', wanted, owner).expect(201);
    clock.advance(2 * MINUTE);
    await plane.app.get(DueWork).sweep();
    const total = async (): Promise<number> =>
      (await plane.get(`/api/slos/${body.id}/status`, owner).expect(200)).body.total;
    await eventually(async () => (await total()) === 7);
    const { items } = (await plane.get('/api/slos', admin).expect(200)).body as { items: SloView[] };
    expect(items.map(({ indicator_error: error }) => error)).toEqual(Array<null>(12).fill(null));
    prometheus.answer(() => vector('7'));
    for (const response of hanging) response.end(JSON.stringify(vector('7')));
    await plane.app.get(SloMeasurements).settled();
    await plane.tenants.write(neighbour.tenant_id, (scope) => scope.update(Slo, {}, { dueAt: null }));
  });

  it('are measured in two tenants at once, one of which was imported from the other', async () => {
    const { id } = await create();
    const [slo] = await plane.rows(tenant, Slo);
    const { tenant: copy, admin: owner } = await plane.tenantWithAdmin(`copy-${count}`);
    await plane.tenants.write(copy.tenant_id, (scope) => scope.put(Slo, [{ ...(slo as Slo), dueAt: null }]));
    clock.advance(2 * MINUTE);
    const measurements = plane.app.get(SloMeasurements);
    for (const { tenant_id } of [tenant, copy]) measurements.start(tenant_id, id);
    await measurements.settled();
    expect((await status(id)).total).toBe(100);
    expect((await plane.get(`/api/slos/${id}/status`, owner).expect(200)).body.total).toBe(100);
  });

  it('store a minute once, even if the reply to its COMMIT is lost', async () => {
    const { id } = await create();
    // The cast exposes a private method. Others, such as the audit sealer, also call `tenants.write`.
    const measurements = plane.app.get(SloMeasurements) as unknown as { store: () => Promise<boolean> };
    const store = measurements.store.bind(measurements);
    jest.spyOn(measurements, 'store').mockImplementationOnce(async (...given) => {
      await store(...given);
      throw new Error('the reply is lost');
    });
    await pass(2);
    await pass(1);
    expect((await status(id)).total).toBe(200);
  });

  if (driver === 'postgres')
    it('store a minute once, even if several processes ask for it', async () => {
      other = await TestTenantPlane.open(plane.database, { clock });
      allowAddresses(other);
      const { id } = await create();
      clock.advance(5 * MINUTE);
      for (const process of [plane, other]) process.app.get(SloMeasurements).start(tenant.tenant_id, id);
      await Promise.all([sweep(plane), sweep(other)]);
      expect((await status(id)).total).toBe(400);
    });
});
