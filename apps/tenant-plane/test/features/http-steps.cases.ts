import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type DesiredTenant } from '@atlas/plane-contract';
import { Database } from '@atlas/persistence';
import { OutboundNetwork } from '@atlas/platform';
import { type RunView } from '@atlas/tenant-api/automation';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { HttpCall } from '../../src/automation/http-call';
import { HttpLine } from '../../src/automation/http-line';
import { HttpSteps } from '../../src/automation/http-steps';
import { DueWork } from '../../src/due/due-work';
import { RunStep } from '../../src/automation/run-step.entity';
import { Run } from '../../src/automation/run.entity';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { allowAddresses } from '../allow-addresses.fixture';
import { Pause } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

interface Asked extends Pick<IncomingMessage, 'method' | 'url' | 'headers'> {
  readonly body: string;
}
type Answering = (answer: ServerResponse, asked: Asked) => void;

/** To see it fail: in `HttpSteps.attendTo`, send before the step is leased, or send again after a failure. */
describe.each(EVERY_DATABASE)('http steps on %s', (driver) => {
  const clock = new FixedClock();
  const server = createServer();
  let url: string;
  let asked: Asked[];
  let answering: Answering;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    server.on('request', async (request: IncomingMessage, answer: ServerResponse) => {
      const body = Buffer.concat(await request.toArray()).toString();
      const { method, url: path, headers } = request;
      asked.push({ method, url: path, headers, body });
      answering(answer, { method, url: path, headers, body });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://api.example:${(server.address() as AddressInfo).port}`;
    plane = await TestTenantPlane.boot(driver, { clock });
    allowAddresses(plane);
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await plane.close();
  });
  beforeEach(async () => {
    asked = [];
    answering = (answer) => answer.end('done');
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
    await plane.put('/api/automation/policy', { level: 5 }, admin).expect(200);
  });

  const http = (config: object = {}, fields: object = {}): object => ({
    name: 'call',
    kind: 'http',
    risk: 'low',
    config: { method: 'POST', url: `${url}/restart`, ...config },
    ...fields,
  });
  const create = (steps: object[], parameters: object[] = []) =>
    plane.post('/api/runbooks', { name: 'x', steps, parameters }, admin);
  const request = async (steps: object[], values: Record<string, string> = {}) => {
    const names = Object.keys(values).map((name) => ({ name }));
    const { body } = await create(steps, names).expect(201);
    return plane.post(`/api/runbooks/${body.id}/runs`, { parameters: values }, admin);
  };
  const start = async (steps: object[], values: Record<string, string> = {}): Promise<RunView> => {
    const { status, body } = await request(steps, values);
    expect(status).toBe(202);
    return body;
  };
  const show = async ({ id }: { id: string }): Promise<RunView> =>
    (await plane.get(`/api/automation/jobs/${id}`, admin).expect(200)).body;
  const cancel = ({ id }: RunView) => plane.post(`/api/automation/jobs/${id}/cancel`, {}, admin).expect(200);
  const setTimeoutSeconds = ({ id }: RunView, timeoutSeconds: number) =>
    plane.tenants.write(tenant.tenant_id, (scope) =>
      scope.update(RunStep, { runId: id }, { timeoutSeconds }),
    );
  const sweep = (): Promise<void> => plane.app.get(DueWork).sweep();
  const settled = (): Promise<void> => plane.app.get(HttpSteps).settled();
  const ended = async (run: RunView): Promise<RunView> => {
    await eventually(async () => !['queued', 'running'].includes((await show(run)).status));
    return show(run);
  };
  const outcome = ({ status, steps: [step] }: RunView) => [status, step?.status, step?.error?.code];
  const received = (): Promise<unknown> => eventually(() => asked.length > 0);

  it('send a request, show the response, and let the run go on', async () => {
    const steps = [
      http({
        url: `${url}/hosts/{{host}}?q={{host}}`,
        headers: { 'x-host': '{{host}}' },
        body: { hosts: ['{{host}}'] },
      }),
      http({ method: 'GET', url: `${url}/then` }, { name: 'then' }),
    ];
    const run = await ended(await start(steps, { host: 'a/b' }));
    expect(outcome(run)).toEqual(['succeeded', 'succeeded', undefined]);
    const [step] = run.steps;
    expect(step).toMatchObject({ output_tail: '200 OK\n\ndone', output_bytes: 12, exit_code: null });
    expect(asked).toMatchObject([
      {
        method: 'POST',
        url: '/hosts/a%2Fb?q=a%2Fb',
        headers: { 'x-host': 'a/b', 'content-type': 'application/json' },
        body: '{"hosts":["a/b"]}',
      },
      { method: 'GET', url: '/then', body: '' },
    ]);
    const started = await plane.audit(tenant, 'run.step_started');
    expect(started.map(({ after }) => after)).toEqual([
      { step: 'call', agent_id: null },
      { step: 'then', agent_id: null },
    ]);
  });

  it.each([
    [500, {}, ['failed', 'failed', 'unexpected_status']],
    [404, { expect_status: 404 }, ['succeeded', 'succeeded', undefined]],
    [200, { expect_status: 404 }, ['failed', 'failed', 'unexpected_status']],
  ])('are judged by the status %i: %j', async (status, config, expected) => {
    answering = (answer) => answer.writeHead(status).end('a\0b');
    const run = await ended(await start([http(config)]));
    expect(outcome(run)).toEqual(expected);
    expect(run.steps[0]?.output_tail).toMatch(/^\d{3} [A-Z].*\n\na\ufffdb$/s);
  });

  it('are judged by the status if the body is too large, and show the beginning of a long one', async () => {
    answering = (answer, { url: path }) => answer.end('x'.repeat(path === '/large' ? 2_000_000 : 100_000));
    const run = await ended(await start([http(), http({ url: `${url}/large` }, { name: 'large' })]));
    expect(run.status).toBe('succeeded');
    expect(run.steps.map((step) => step.output_tail?.length)).toEqual([60_008, expect.any(Number)]);
    expect(run.steps[1]?.output_tail).toContain('too large');
  });

  it('fail if nothing can have been sent, and a person can retry them', async () => {
    const run = await ended(await start([http({ url: 'http://api.example:1/' })]));
    expect(outcome(run)).toEqual(['failed', 'failed', 'outbound_failed']);
    const network = plane.app.get(OutboundNetwork);
    const [isPublic, lookup] = [jest.fn(() => false), jest.fn()];
    lookup.mockImplementation((_name, _options, answer) => answer(Object.assign(new Error(), { code: 'X' })));
    const inside = await start([http(), { ...http(), name: 'look', kind: 'manual', config: {} }]);
    expect(outcome(await ended(inside))[0]).toBe('waiting_manual');
    const { body } = await create([http()]).expect(201);
    for (const [change, code] of [
      [{ isPublic }, 'address_not_allowed'],
      [{ lookup }, 'outbound_failed'],
    ] as const) {
      const before = { isPublic: network.isPublic, lookup: network.lookup };
      Object.assign(network, change);
      try {
        const answer = await plane.post(`/api/runbooks/${body.id}/runs`, {}, admin).expect(202);
        expect(outcome(await ended(answer.body))).toEqual(['failed', 'failed', code]);
      } finally {
        Object.assign(network, before);
      }
    }
    expect(asked).toHaveLength(1);
  });

  it('are checked when they are stored', async () => {
    const refusal = ({ status, body }: { status: number; body: { code: string } }) => [status, body.code];
    expect(refusal(await create([http({ headers: { Host: 'a' } })]))).toEqual([422, 'header_not_allowed']);
    const isPublic = jest.spyOn(plane.app.get(OutboundNetwork), 'isPublic').mockReturnValue(false);
    expect(refusal(await create([http()]))).toEqual([422, 'address_not_allowed']);
    isPublic.mockRestore();
    const many = Array.from({ length: 21 }, (_, index) =>
      http({ url: `https://${index}.example.com` }, { name: `step ${index}` }),
    );
    expect(refusal(await create(many))).toEqual([422, 'runbook_too_large']);
  });

  it.each([
    ['a cut connection', (answer: ServerResponse) => void answer.destroy(), {}],
    ['half of a response', (answer: ServerResponse) => void answer.write('x', () => answer.destroy()), {}],
    ['no response in time', () => undefined, { timeout_seconds: 1 }],
  ])('leave the outcome unknown after %s, and are not sent again', async (_what, answers, fields) => {
    answering = answers;
    const run = await ended(
      await start([http({}, { on_failure: 'continue', ...fields }), http({}, { name: '2' })]),
    );
    expect(outcome(run)).toEqual(['failed', 'failed', 'outcome_unknown']);
    expect(run.steps[0]?.error?.detail).toContain('may have taken effect');
    clock.advance(120);
    await sweep();
    await settled();
    expect(asked).toHaveLength(1);
    answering = (answer) => answer.end();
    await setTimeoutSeconds(run, 60);
    await plane.post(`/api/automation/jobs/${run.id}/retry`, {}, admin).expect(200);
    expect((await ended(run)).status).toBe('succeeded');
  });

  it('are running before their request is sent, and are not sent once their lease is lost', async () => {
    const pause = Pause.before(plane.app.get(HttpCall), 'send');
    const calls = jest.mocked(plane.app.get(HttpCall), { shallow: true }).send;
    const run = await start([http()]);
    await pause.reached;
    expect(outcome(await show(run))).toEqual(['running', 'running', undefined]);
    clock.advance(61);
    await sweep();
    expect(outcome(await show(run))).toEqual(['failed', 'failed', 'outcome_unknown']);
    // The process notices it a moment later than the database.
    await eventually(() => calls.mock.lastCall?.[2].aborted);
    pause.release();
    await settled();
    expect([asked, outcome(await show(run))]).toEqual([[], ['failed', 'failed', 'outcome_unknown']]);
  });

  it('are not sent if nobody knows whether their lease was committed', async () => {
    const { tenants } = plane;
    const write = tenants.write.bind(tenants);
    const losing = jest.spyOn(tenants, 'write').mockImplementation(async (...given) => {
      const result = await write(...given);
      if (typeof result === 'object' && result !== null && 'handed' in result)
        throw new Error('the reply is lost');
      return result;
    });
    const run = await start([http()]);
    await eventually(async () => (await show(run)).status === 'running');
    await settled();
    losing.mockRestore();
    expect(asked).toEqual([]);
    clock.advance(61);
    await sweep();
    expect([asked, outcome(await show(run))[2]]).toEqual([[], 'outcome_unknown']);
  });

  it('keep their lease while their request is under way', async () => {
    answering = () => undefined;
    const run = await start([http()]);
    await received();
    const leased = async () => (await plane.rows(tenant, Run))[0]?.dueAt?.getTime() ?? 0;
    const before = await leased();
    clock.advance(45);
    await eventually(async () => (await leased()) === before + 45_000);
    clock.advance(20);
    await sweep();
    expect(outcome(await show(run))[1]).toBe('running');
    await cancel(run);
    await settled();
  });

  it('end after ten minutes, even if an earlier version let them take longer', async () => {
    const send = jest.spyOn(plane.app.get(HttpCall), 'send');
    jest.spyOn(plane.app.get(HttpLine), 'join').mockImplementationOnce(() => undefined);
    const run = await start([http()]);
    await setTimeoutSeconds(run, 86_400);
    plane.app.get(HttpLine).join({ tenantId: tenant.tenant_id, id: run.id });
    await ended(run);
    expect(send.mock.lastCall?.[1]).toBe(600);
  });

  it('are sent later if the process that should send them has died', async () => {
    jest.spyOn(plane.app.get(HttpLine), 'join').mockImplementationOnce(() => undefined);
    const run = await start([http()]);
    await sweep();
    expect([asked, (await show(run)).status]).toEqual([[], 'queued']);
    clock.advance(31);
    await sweep();
    expect((await ended(run)).status).toBe('succeeded');
    expect(asked).toHaveLength(1);
  });

  it('end when their run is cancelled', async () => {
    const closed = new Promise((resolve) => (answering = (answer) => answer.once('close', resolve)));
    const run = await start([http()]);
    await received();
    await cancel(run);
    await closed;
    await settled();
    expect(outcome(await show(run))).toEqual(['cancelled', 'cancelled', 'outcome_unknown']);
  });

  it.each<[string, Partial<Pick<Tenant, 'status' | 'phase' | 'movedTo'>>]>([
    ['is suspended', { status: 'suspended' }],
    ['has moved away', { phase: 'retired', movedTo: 'https://other.example' }],
  ])('do not start while their tenant %s, and keep what they have learnt', async (_what, change) => {
    let release: () => void = () => undefined;
    answering = (answer) => (release = () => void answer.end());
    const run = await start([http(), http({}, { name: 'second' })]);
    await received();
    const set = (fields: Partial<Pick<Tenant, 'status' | 'phase' | 'movedTo'>>): Promise<unknown> =>
      plane.app.get(Database).write((manager) => manager.update(Tenant, { id: tenant.tenant_id }, fields));
    await set(change);
    const refused = jest.spyOn(plane.tenants, 'write');
    release();
    await eventually(() => refused.mock.calls.length > 0);
    const [waiting] = [plane.app.get(HttpLine)];
    waiting.join({ tenantId: tenant.tenant_id, id: run.id });
    answering = (answer) => answer.end();
    await set({ status: 'active', phase: 'serving', movedTo: null });
    expect(outcome(await ended(run))[0]).toBe('succeeded');
    expect(asked).toHaveLength(2);
  });

  it.each(['.', '..'])('refuse a parameter that would change the path of a URL: %s', async (value) => {
    const paths = ['{{a}}/x', 'x/{{a}}?q', 'x\\{{a}}#a', 'x/{{a}}{{b}}'];
    for (const path of value === '.' ? [...paths, 'x/%2E{{a}}'] : paths) {
      const { status, body } = await request([http({ url: `${url}/${path}` })], { a: value, b: '' });
      expect([path, status, body.code]).toEqual([path, 422, 'invalid_parameters']);
    }
    expect((await request([http({ url: `${url}/x{{a}}/?q={{a}}` })], { a: value })).status).toBe(202);
    await settled();
  });

  if (driver === 'postgres')
    it('are sent by one of several processes', async () => {
      const other = await TestTenantPlane.open(plane.database, { clock });
      allowAddresses(other);
      const join = jest.spyOn(plane.app.get(HttpLine), 'join').mockImplementationOnce(() => undefined);
      const run = await start([http()]);
      const waiting = { tenantId: tenant.tenant_id, id: run.id };
      join.mockRestore();
      for (const one of [plane, other, plane, other]) one.app.get(HttpLine).join(waiting);
      await Promise.all([plane, other].map((one) => one.app.get(HttpSteps).settled()));
      expect([outcome(await show(run))[0], asked.length]).toEqual(['succeeded', 1]);
      await other.app.close();
    });
});
