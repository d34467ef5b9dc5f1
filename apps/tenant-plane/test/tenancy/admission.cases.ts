import { once, setMaxListeners } from 'node:events';
import { type Socket, connect } from 'node:net';
import { type DesiredTenant } from '@atlas/plane-contract';
import { eventually } from '@atlas/testing';
import { Agent, request } from 'undici';
import { Incident } from '../../src/incidents/incident.entity';
import { lockTenant } from '../../src/tenancy/tenant-standing';
import { RecordingLogger } from '../linked-plane.fixture';
import { type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

type Caller = SignedInUser & { readonly tenant: string };

const INCIDENT = { title: 'The disk is full', severity: 'P3' };
const CONNECTIONS = 8;
/** How many requests of one tenant run at once and wait. */
const ROOM = 6 + 200;

/**
 * To see it fail: in `Admission`, leave out `whenAnswering`, `atOnceEach` or the first hook, give places in
 * `onRequest`, or leave at once when the caller has gone; or in `whenClosed`, use the `close` event of the
 * response.
 */
describe('a plane with more requests than it can answer', () => {
  const agent = new Agent();
  const log = new RecordingLogger();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let noisy: Caller;
  let quiet: Caller;
  beforeAll(async () => {
    const env = { TENANT_PLANE_DATABASE_POOL_SIZE: String(CONNECTIONS) };
    plane = await TestTenantPlane.boot('postgres', { env, logger: log });
    tenant = await plane.tenant('noisy');
    noisy = { ...(await plane.user(tenant, 'admin')), tenant: 'noisy' };
    quiet = { ...(await plane.user(await plane.tenant('quiet'), 'admin')), tenant: 'quiet' };
  });
  afterAll(async () => {
    await agent.destroy();
    await plane.close();
  });

  const report = async (by: Caller, signal?: AbortSignal) => {
    const { statusCode, headers, body } = await request(`${plane.url}/api/incidents`, {
      dispatcher: agent,
      method: 'POST',
      headers: {
        authorization: `Bearer ${by.session}`,
        'content-type': 'application/json',
        'x-tenant-id': by.tenant,
      },
      body: JSON.stringify(INCIDENT),
      signal,
    });
    return { status: statusCode, headers, body: await body.json() };
  };
  const gauge = async (name: string): Promise<number> => {
    const { text } = await plane.get('/metrics').expect(200);
    return Number(new RegExp(`^http_requests_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  };
  const waiting = () => gauge('waiting');
  const socket = async (text: string): Promise<Socket> => {
    const opened = connect(Number(new URL(plane.url).port), '127.0.0.1');
    await once(opened, 'connect');
    opened.write(text);
    return opened;
  };
  const head = (by: Caller, type: string): string =>
    `POST /api/incidents HTTP/1.1\r\nhost: plane\r\nx-tenant-id: ${by.tenant}\r\n` +
    `authorization: Bearer ${by.session}\r\ncontent-type: ${type}\r\n`;
  /** Runs `work` while none of the noisy tenant's writes can go on. */
  const whileStuck = (work: () => Promise<void>): Promise<void> =>
    plane.tenants.write(tenant.tenant_id, async ({ manager }) => {
      await lockTenant(manager, tenant.tenant_id);
      await work();
    });

  it('refuses the rest at once, serves other tenants, and loses nothing that it admitted', async () => {
    let admitted: ReturnType<typeof report>[] = [];
    await whileStuck(async () => {
      admitted = Array.from({ length: ROOM }, () => report(noisy));
      await eventually(async () => (await waiting()) === 200);
      const refused = await report(noisy);
      expect(refused.status).toBe(503);
      expect(refused.headers['retry-after']).toBe('2');
      expect(refused.body).toMatchObject({ code: 'overloaded' });
      expect(log.lines).toContain(`{"msg":"overloaded","refused":{"${tenant.tenant_id}":1}}`);
      expect((await report(quiet)).status).toBe(201);
      await plane.get('/health/live').expect(200);
    });
    for (const answer of await Promise.all(admitted)) expect(answer.status).toBe(201);
    expect(await waiting()).toBe(0);
    expect(await plane.rows(tenant, Incident)).toHaveLength(ROOM);
  });

  it('refuses before the body has arrived, and shows a page to browsers', async () => {
    const traceId = 'a'.repeat(32);
    const gone = new AbortController();
    setMaxListeners(0, gone.signal);
    let admitted: ReturnType<typeof report>[] = [];
    await whileStuck(async () => {
      admitted = Array.from({ length: ROOM }, () => report(noisy, gone.signal));
      await eventually(async () => (await waiting()) === 200);
      const traced = `traceparent: 00-${traceId}-${'b'.repeat(16)}-01\r\n`;
      const opened = await socket(`${head(noisy, 'application/json')}${traced}content-length: 9000\r\n\r\n`);
      const [answer] = (await once(opened, 'data')) as [Buffer];
      opened.destroy();
      const long = await socket(`${head(noisy, 'application/json')}transfer-encoding: chunked\r\n\r\n`);
      await once(long.resume(), 'close');
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 .*"code":"overloaded"/s);
      expect(answer.toString()).toContain(`x-trace-id: ${traceId}`);
      const page = plane.get('/').set('accept', 'text/html').set('x-tenant-id', 'noisy');
      const { text } = await page.set('authorization', `Bearer ${noisy.session}`).expect(503);
      expect(text).toContain('<html');
      gone.abort();
      await Promise.allSettled(admitted);
    });
    await eventually(async () => (await gauge('running')) === 0);
  });

  it('gives the places of callers who have gone to others', async () => {
    const gone = new AbortController();
    setMaxListeners(0, gone.signal);
    await whileStuck(async () => {
      const abandoned = Array.from({ length: ROOM }, () => report(noisy, gone.signal));
      await eventually(async () => (await waiting()) === 200);
      gone.abort();
      await Promise.allSettled(abandoned);
      await eventually(async () => (await waiting()) === 0);
      expect((await report(quiet)).status).toBe(201);
    });
    await eventually(async () => (await gauge('running')) === 0);
    const answers = await Promise.all(Array.from({ length: ROOM }, () => report(noisy)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(ROOM);
  });

  it('keeps the place of a running request whose caller has gone, since its work goes on', async () => {
    const gone = new AbortController();
    setMaxListeners(0, gone.signal);
    await whileStuck(async () => {
      const abandoned = Array.from({ length: 6 }, () => report(noisy, gone.signal));
      await eventually(async () => (await gauge('running')) === 6);
      gone.abort();
      await Promise.allSettled(abandoned);
      const late = report(noisy);
      await eventually(async () => (await waiting()) === 1);
      expect(await gauge('running')).toBe(6);
      void late.catch(() => undefined);
    });
    await eventually(async () => (await gauge('running')) === 0);
  });

  it('gives no place to requests whose bodies do not arrive', async () => {
    const slow = await Promise.all(
      [noisy, quiet].flatMap((by) =>
        Array.from({ length: CONNECTIONS }, () =>
          socket(`${head(by, 'application/json')}content-length: 100\r\n\r\n`),
        ),
      ),
    );
    expect((await report(noisy)).status).toBe(201);
    expect((await report(quiet)).status).toBe(201);
    expect(await gauge('running')).toBe(0);
    for (const one of slow) one.destroy();
  });

  it('loses no place to requests behind others on a connection that closes', async () => {
    const body = JSON.stringify(INCIDENT);
    const whole = `${head(noisy, 'application/json')}content-length: ${body.length}\r\n\r\n${body}`;
    const wrong = `${head(noisy, 'text/x')}content-length: 1\r\n\r\nx`;
    await whileStuck(async () => {
      const opened = await socket(whole + wrong.repeat(4) + whole.repeat(20));
      await eventually(async () => (await waiting()) > 0);
      opened.destroy();
      await eventually(async () => (await waiting()) === 0);
    });
    await eventually(async () => (await gauge('running')) === 0);
    expect((await report(noisy)).status).toBe(201);
  });
});
