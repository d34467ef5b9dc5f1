import { type Server } from 'node:http';
import { type RequestLimits } from '@atlas/platform';
import { type RawAnswer, asAdmin, sendRaw } from '@atlas/testing';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const HEAD =
  'POST /api/auth/token HTTP/1.1\r\nhost: acme.localhost:4200\r\ncontent-type: application/json\r\n';

function expectProblem({ head, body }: RawAnswer, status: number, code: string): void {
  const problem = JSON.parse(body) as { trace_id: string };
  expect(problem).toMatchObject({ status, code, detail: expect.any(String) });
  expect(head).toMatch(/\r\ncontent-type: application\/problem\+json/i);
  expect(head).toMatch(new RegExp(`\r\nx-trace-id: ${problem.trace_id}\r\n`, 'i'));
}

describe('a slow caller', () => {
  const texts = {
    headersMs: ['', `${HEAD}x-slow: `, HEAD],
    requestMs: [
      `${HEAD}content-length: 100\r\n\r\n{"email":`,
      `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{"ema\r\n`,
    ],
  };

  it.each(['headersMs', 'requestMs'] as const)(
    'gets 408 after the limit %s, and delays no other caller',
    async (limit) => {
      const plane = await TestTenantPlane.boot('sqlite', { limits: { [limit]: 100 } });
      const server: Server = plane.app.getHttpServer();
      const { headersTimeout } = server;
      // The limit also applies to the other caller, whom a pause of this process would otherwise delay.
      server.headersTimeout = 0;
      const waiting = texts[limit].map((text) => sendRaw(plane.url, text));
      await plane.get('/health/live').expect(200);
      server.headersTimeout = headersTimeout;
      for (const answer of await Promise.all(waiting)) expectProblem(answer, 408, 'request_too_slow');
      await plane.close();
    },
  );
});

describe('a request', () => {
  let plane: TestTenantPlane;
  let admin: CallOptions;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot('sqlite');
    ({ admin } = await plane.tenantWithAdmin('acme'));
  });
  afterAll(() => plane.close());

  const lines = (count: number): string =>
    Array.from({ length: count }, (_, index) => `x-${index}: y\r\n`).join('');
  const withHeaders = (more: string): Promise<RawAnswer> =>
    sendRaw(plane.url, `GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${more}\r\n`);

  it('may have at most a hundred headers', async () => {
    expect((await withHeaders(lines(98))).status).toBe(200);
    for (const count of [99, 500]) expectProblem(await withHeaders(lines(count)), 431, 'headers_too_large');
  });

  it('may have at most 16 KiB of headers', async () => {
    expect((await withHeaders(`x-long: ${'y'.repeat(15_000)}\r\n`)).status).toBe(200);
    expectProblem(await withHeaders(`x-long: ${'y'.repeat(17_000)}\r\n`), 431, 'headers_too_large');
  });

  it('is refused if its body is too large, whether by its declared or its actual size', async () => {
    expectProblem(await sendRaw(plane.url, `${HEAD}content-length: 1048577\r\n\r\n`), 413, 'body_too_large');
    const answer = await plane.post('/api/incidents', { title: 'x'.repeat(1_048_577) }, admin).expect(413);
    expect(answer.body).toMatchObject({ code: 'body_too_large', trace_id: answer.headers['x-trace-id'] });
    const chunk = `100001\r\n${' '.repeat(0x100001)}\r\n`;
    expectProblem(
      await sendRaw(plane.url, `${HEAD}transfer-encoding: chunked\r\n\r\n${chunk}`),
      413,
      'body_too_large',
    );
  });

  it('is refused with a trace id if its JSON is invalid', async () => {
    const text = `${HEAD}connection: close\r\ncontent-length: 9\r\n\r\n{"email":`;
    expectProblem(await sendRaw(plane.url, text), 400, 'validation_failed');
  });

  it.each(['no HTTP at all\r\n\r\n', 'GET / HTTP/1.1\r\nhost : x\r\n\r\n'])(
    'is refused as malformed: %j',
    async (text) => {
      expectProblem(await sendRaw(plane.url, text), 400, 'malformed_request');
    },
  );

  it('is refused if its method is not supported', async () => {
    for (const method of ['TRACE', 'TRACK', 'CONNECT', 'PROPFIND']) {
      const headers = 'host: x\r\nx-word: canary\r\nconnection: close';
      const text = `${method} /api/auth/me HTTP/1.1\r\n${headers}\r\n\r\n`;
      const { status, head, body } = await sendRaw(plane.url, text);
      expect([method, status < 200 || status >= 400, `${head}${body}`]).toEqual([
        method,
        true,
        expect.not.stringContaining('canary'),
      ]);
    }
  });

  it.each([
    ['cannot be decoded', '/api/%'],
    ['has a part that is too long', `/api/incidents/${'x'.repeat(201)}`],
  ])('is refused if its path %s', async (_, path) => {
    const text = `GET ${path} HTTP/1.1\r\nhost: acme.localhost:4200\r\nconnection: close\r\n\r\n`;
    const answer = await sendRaw(plane.url, text);
    expectProblem(answer, 400, 'malformed_request');
    expect(answer.head).toContain("frame-ancestors 'none'");
  });
});

describe('a response that takes too long', () => {
  const body = { title: 'Disk is full', severity: 'P2' };

  /** Calls `ask` while another transaction has the table locked. */
  async function whileLocked<T>(plane: TestTenantPlane, ask: () => PromiseLike<T>): Promise<T> {
    return asAdmin(plane.database.ownerUrl ?? plane.database.url, async (client) => {
      await client.query('begin');
      await client.query('lock table incidents in access exclusive mode');
      const answer = await ask();
      await client.query('rollback');
      return answer;
    });
  }

  /**
   * Boots a plane, and starts another process of it with these limits. Only the call that is to exceed one is
   * sent to that process, because on a busy machine any other call might exceed it too.
   */
  async function bootWith(limits: Partial<RequestLimits>) {
    const plane = await TestTenantPlane.boot('postgres');
    const limited = await TestTenantPlane.open(plane.database, { limits });
    const { admin } = await plane.tenantWithAdmin('acme');
    const close = async (): Promise<void> => {
      await limited.app.close();
      await plane.close();
    };
    return { plane, limited, admin, close };
  }

  it('is replaced by an error that says when to retry and what may have happened', async () => {
    const { plane, limited, admin, close } = await bootWith({ answerMs: 1000 });
    const answer = await whileLocked(plane, () => limited.post('/api/incidents', body, admin).expect(503));
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.body).toMatchObject({ code: 'took_too_long', trace_id: answer.headers['x-trace-id'] });
    expect(answer.body.detail).toContain('Idempotency-Key');
    await plane.post('/api/incidents', body, admin).expect(201);
    await close();
  });

  it('is abandoned, and its connection is closed, if neither side sends anything for too long', async () => {
    const { plane, limited, admin, close } = await bootWith({ silenceMs: 200 });
    const text = JSON.stringify(body);
    const head = HEAD.replace('/api/auth/token', '/api/incidents');
    const headers = `authorization: Bearer ${admin.session}\r\ncontent-length: ${text.length}`;
    const request = `${head}${headers}\r\n\r\n${text}`;
    expect(await whileLocked(plane, () => sendRaw(limited.url, request))).toMatchObject({
      status: 0,
      head: '',
    });
    await close();
  });
});
