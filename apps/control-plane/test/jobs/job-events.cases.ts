import { Signals } from '@atlas/persistence';
import { OngoingAnswers } from '@atlas/platform';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Operator } from '../../src/accounts/operator.entity';
import { JobsController } from '../../src/lifecycle/jobs.controller';
import { WaitingCalls } from '../../src/service-keys/waiting-calls';
import { TestControlPlane } from '../control-plane.fixture';
import { STEPS } from '../job-scene.fixture';
import { type PlaneSimulator } from '../plane-simulator.fixture';

interface Event {
  readonly type: string;
  readonly data: { readonly job_id?: string; readonly name?: string; readonly status: string };
}

describe.each(EVERY_DATABASE)('the event stream of a job on %s', (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    cell = await plane.enrolledCell();
  });
  afterAll(() => plane.close());

  const open = (id: string, { token = plane.apiKey, url = plane.url } = {}): Promise<Response> =>
    fetch(`${url}/api/provisioning-jobs/${id}/events`, { headers: { authorization: `Bearer ${token}` } });

  /** Reads the stream until it closes, and adds each event to `seen` as it arrives. */
  const read = async (response: Response, seen: Event[]): Promise<void> => {
    let rest = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      seen.push(...blocks.map(parse));
    }
    expect(rest).toBe('');
  };

  it('sends an event for every step change, and finally the finished job', async () => {
    const { body } = await plane.provision();
    const response = await open(body.job.id);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const seen: Event[] = [];
    const reading = read(response, seen);
    const isWaiting = () =>
      seen.some(({ data }) => data.name === 'await-report' && data.status === 'waiting');
    await eventually(isWaiting, { what: 'the stream reports the wait' });
    expect(seen.some(({ type }) => type === 'done')).toBe(false);
    await cell.serve(body.tenant.id);
    await reading;
    expect(seen.at(-1)).toMatchObject({ type: 'done', data: { id: body.job.id, status: 'succeeded' } });
    const steps = seen.slice(0, -1);
    expect(steps.every(({ type, data }) => type === 'step' && data.job_id === body.job.id)).toBe(true);
    const last = new Map(steps.map(({ data }) => [data.name, data.status]));
    expect([...last.entries()]).toEqual(STEPS.map((name) => [name, 'done']));
    expect(new Set(steps.map(({ data }) => JSON.stringify(data))).size).toBe(steps.length);
  });

  it('sends every step of a finished job, then the job, and closes', async () => {
    const { body } = await plane.provision();
    await plane.post(`/api/provisioning-jobs/${body.job.id}/cancel`).expect(202);
    const seen: Event[] = [];
    await read(await open(body.job.id), seen);
    expect(seen.map(({ type }) => type)).toEqual([...STEPS.map(() => 'step'), 'done']);
    expect(seen.at(-1)?.data.status).toBe('cancelled');
  });

  it('requires jobs:read', async () => {
    const token = await plane.createApiKey(['tenants:read']);
    const { body } = await plane.provision();
    const path = `/api/provisioning-jobs/${body.job.id}/events`;
    expect((await plane.get(path, { token })).status).toBe(403);
    expect((await plane.get(path, { token: null })).status).toBe(401);
  });

  describe('that is still unfinished', () => {
    let jobId: string;
    let made = 0;
    beforeAll(async () => (jobId = (await plane.provision()).body.job.id));

    const operator = async () => {
      const email = `watcher-${(made += 1)}@example.com`;
      await plane.createOperator(email, 'admin');
      const [{ id = '' } = {}] = await plane.rows(Operator, { email });
      const session = await plane.login(email);
      const body = { name: 'k', scopes: ['jobs:read'], ttl_seconds: 60 };
      const { key } = (await plane.post('/api/api-keys', body, { token: session })).body;
      return { id, session, key };
    };
    type Watcher = Awaited<ReturnType<typeof operator>>;
    /** Resolves once the first events have arrived; `ended` resolves when the stream closes. */
    const watch = async (token: string, url?: string) => {
      const seen: Event[] = [];
      const ended = read(await open(jobId, { token, url }), seen);
      await eventually(() => seen.length >= STEPS.length, { what: 'the stream has reported each step' });
      return { seen, ended };
    };
    const disable = ({ id }: Watcher) => plane.patch(`/api/operators/${id}`, { disabled: true }).expect(200);

    it.each<[string, 'key' | 'session', (watcher: Watcher) => unknown]>([
      ['is disabled', 'session', disable],
      ['uses an API key and is disabled', 'key', disable],
      ['signs out', 'session', ({ session: token }) => plane.post('/api/auth/logout', undefined, { token })],
      ['has not used the session for an hour', 'session', () => plane.clock.advance(3600)],
      [
        'uses an API key that is revoked',
        'key',
        ({ key }) => plane.delete(`/api/api-keys/${key.split('_')[1]}`),
      ],
      ['uses an API key that expires', 'key', () => plane.clock.advance(60)],
    ])('closes when the watcher %s, while other streams continue', async (_, credential, revoke) => {
      const watcher = await operator();
      const [theirs, other] = [await watch(watcher[credential]), await watch(plane.apiKey)];
      await plane.app.get(OngoingAnswers).look();
      await revoke(watcher);
      await plane.app.get(OngoingAnswers).look();
      await theirs.ended;
      expect(theirs.seen.some(({ type }) => type === 'done')).toBe(false);
      const next = await plane.provision();
      await plane.post(`/api/provisioning-jobs/${jobId}/cancel`).expect(202);
      await other.ended;
      expect(other.seen.at(-1)?.type).toBe('done');
      jobId = next.body.job.id;
    });

    it('closes within 5 s after the watcher is disabled, whichever process serves the stream', async () => {
      const further =
        driver === 'postgres' ? await TestControlPlane.open(plane.database, plane.clock) : undefined;
      const watcher = await operator();
      const { seen, ended } = await watch(watcher.key, further?.url);
      await disable(watcher);
      const since = performance.now();
      await ended;
      expect(performance.now() - since).toBeLessThan(5000);
      expect(seen.some(({ type }) => type === 'done')).toBe(false);
      await further?.app.close();
    });
  });
});

describe.each(EVERY_DATABASE)('shutting down the Control Plane on %s', (driver) => {
  it('closes event streams and completes long polls', async () => {
    const plane = await TestControlPlane.boot(driver);
    const cell = await plane.enrolledCell();
    const { body } = await plane.provision();
    await cell.pull(20);
    const watching = plane.get(`/api/provisioning-jobs/${body.job.id}/events`).then(({ text }) => text);
    const waiting = cell.pull(50);
    const signals = plane.app.get(Signals);
    const topics = [`job:${body.job.id}`, `tenant-plane:${cell.id}`];
    await eventually(() => topics.every((topic) => signals.hasListeners(topic)), {
      what: 'the stream and the poll listen',
    });
    await plane.close();
    expect(await watching).toContain('event: step');
    expect((await waiting).status).toBe(204);
  });
});

describe.each(EVERY_DATABASE)('a Control Plane that is shutting down, on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => (plane = await TestControlPlane.boot(driver)));

  it('completes new long polls and event streams at once, without waiting for idle connections', async () => {
    const cell = await plane.enrolledCell();
    const { body } = await plane.provision();
    await cell.pull(20);
    plane.app.get(WaitingCalls).beforeApplicationShutdown();
    plane.app.get(JobsController).beforeApplicationShutdown();
    expect((await cell.pull(25)).status).toBe(204);
    // Like a browser, fetch keeps the connection open after the response.
    const watched = await fetch(`${plane.url}/api/provisioning-jobs/${body.job.id}/events`, {
      headers: { authorization: `Bearer ${plane.apiKey}` },
    });
    await watched.text();
    await fetch(`${plane.url}/health/live`).then((response) => response.text());
    await plane.close();
  }, 10_000);
});

function parse(block: string): Event {
  const [event = '', data = ''] = block.split('\n');
  expect([event.slice(0, 7), data.slice(0, 6)]).toEqual(['event: ', 'data: ']);
  return { type: event.slice(7), data: JSON.parse(data.slice(6)) };
}
