import { Secret } from '@atlas/platform/secret';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Clock, ProblemFilter } from '@atlas/platform';
import { All, Controller, Module, Req, UseGuards } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  InMemoryNonceStore,
  NonceStore,
  SERVICE_AUTH_OPTIONS,
  type ServiceAuthOptions,
  type ServiceKey,
  ServiceKeyResolver,
  type SignedFastifyRequest,
  SignedServiceGuard,
  signRequest,
  verifyResponse,
} from '../src';
import { AUTHORITY, CREATED, KEY_ID, SECRET, secondsFromSigning, SetClock } from './signed-call.fixture';

/** The plane's public URL. The tests connect like a proxy, so Host never matches it. */
const PUBLIC_URL = `https://${AUTHORITY}`;
const clock = new SetClock();
class FixedKeys extends ServiceKeyResolver<string> {
  async secretsFor(keyId: string): Promise<ServiceKey<string> | null> {
    return keyId === KEY_ID ? { keyId, secrets: [new Secret(SECRET)], caller: 'plane-1' } : null;
  }
}

@Controller()
@UseGuards(SignedServiceGuard)
class EchoController {
  @All('*')
  echo(@Req() request: SignedFastifyRequest): unknown {
    return { caller: request.serviceCaller, body: request.body ?? null };
  }
}

@Module({
  controllers: [EchoController],
  providers: [
    { provide: SERVICE_AUTH_OPTIONS, useValue: { authority: AUTHORITY } satisfies ServiceAuthOptions },
    { provide: ServiceKeyResolver, useClass: FixedKeys },
    { provide: Clock, useValue: clock },
    { provide: NonceStore, useFactory: () => new InMemoryNonceStore(clock) },
  ],
})
class EchoModule {}

/** As a plane does: signs every answer to a caller with a valid signature, refusals included. */
function signAnswers(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', async (request, reply, payload: unknown) => {
      const { signAnswer } = request as unknown as SignedFastifyRequest;
      if (signAnswer) reply.headers(signAnswer({ status: reply.statusCode, body: String(payload ?? '') }));
      return payload;
    });
}

describe(SignedServiceGuard.name, () => {
  let app: NestFastifyApplication;
  let origin: string;

  beforeAll(async () => {
    const module = Test.createTestingModule({ imports: [EchoModule] });
    app = (await module.compile()).createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
      rawBody: true,
    });
    app.useGlobalFilters(new ProblemFilter());
    signAnswers(app);
    await app.listen(0, '127.0.0.1');
    origin = await app.getUrl();
  });

  beforeEach(() => {
    clock.at = secondsFromSigning(0);
  });

  afterAll(() => app.close());

  const sign = (method: string, path: string, body?: string, tenantId?: string) =>
    signRequest({
      method,
      url: new URL(path, PUBLIC_URL),
      body,
      tenantId,
      keyId: KEY_ID,
      secret: SECRET,
      now: clock.now(),
    });

  const call = (method: string, path: string, body?: string): Promise<Response> =>
    fetch(new URL(path, origin), {
      method,
      body,
      headers: {
        ...sign(method, path, body, 'acme'),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
    });

  it.each(['/', '/api/report?x=1', '/?', '/ä b/%2e%2e/ü?q=ö \'"', "/a;b=c,d:e@f!$&'()*+~|[]^`{}\\x?{}|^`"])(
    'accepts a signed call to %s as fetch sends it',
    async (path) => {
      const response = await call('GET', path);
      expect(await response.json()).toEqual({ caller: 'plane-1', body: null });
    },
  );

  it('accepts a signed body and passes it to the handler', async () => {
    const response = await call('POST', '/api/report', '{"a": "ö"}');
    expect(await response.json()).toEqual({ caller: 'plane-1', body: { a: 'ö' } });
  });

  it('accepts a signed POST without a body', async () => {
    expect((await call('POST', '/api/report')).status).toBe(200);
  });

  it('answers with proof of who answered', async () => {
    const headers = sign('GET', '/api/state');
    const response = await fetch(new URL('/api/state', origin), { headers });
    const body = await response.text();
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), body };
    expect(verifyResponse({ ...answer, request: headers, keyId: KEY_ID, secret: SECRET })).toEqual({
      created: CREATED,
    });
  });

  it('refuses an unsigned call', async () => {
    const response = await fetch(new URL('/api/report', origin));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'bad_signature' });
    expect(response.headers.get('signature')).toBeNull();
  });

  it('refuses a replay', async () => {
    const headers = sign('GET', '/api/state');
    expect((await fetch(new URL('/api/state', origin), { headers })).status).toBe(200);
    const replayed = await fetch(new URL('/api/state', origin), { headers });
    expect(replayed.status).toBe(401);
    expect(await replayed.json()).toMatchObject({
      code: 'bad_signature',
      detail: expect.stringContaining('replay'),
    });
  });

  it('refuses a wrong clock with an answer that the caller can trust', async () => {
    const headers = sign('GET', '/api/state');
    clock.at = secondsFromSigning(301);
    const response = await fetch(new URL('/api/state', origin), { headers });
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({ code: 'clock_skew', status: 401 });
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), body };
    expect(verifyResponse({ ...answer, request: headers, keyId: KEY_ID, secret: SECRET })).toEqual({
      created: CREATED + 301,
    });
  });

  it.each([
    ['text', 'text/plain', 'POST'],
    ['JSON', 'application/json', 'POST'],
    ['a form', 'application/x-www-form-urlencoded', 'POST'],
    ['JSON, on a method without a body', 'application/json', 'GET'],
  ])('refuses %s under a signature that covers no body', async (_, contentType, method) => {
    const body = '{"a":1}';
    const headers = {
      ...sign(method, '/api/x'),
      'content-type': contentType,
      'content-length': String(body.length),
    };
    expect((await send('/api/x', { method, headers }, body)).statusCode).toBe(401);
  });

  it.each([
    ['x-tenant-id', 'acme'],
    ['content-digest', null],
    ['signature-input', null],
    ['signature', null],
  ])('refuses %s sent twice', async (name, second) => {
    const headers: Record<string, string | string[]> = sign('GET', '/api/x', undefined, 'acme');
    expect((await send('/api/x', { headers })).statusCode).toBe(200);
    const again: Record<string, string | string[]> = sign('GET', '/api/x', undefined, 'acme');
    const answer = await send('/api/x', {
      headers: { ...again, [name]: [String(again[name]), second ?? String(again[name])] },
    });
    expect(answer.statusCode).toBe(401);
  });

  it.each(['http://127.0.0.1/api/x', '/api/x#fragment', '/api/x?', '/api/%78', '//api/x'])(
    'checks the request line %s as received',
    async (path) => {
      const answer = await send(path, { headers: sign('GET', '/api/x') });
      // RFC 9421 section 2.2.7: an empty query and none are the same "?".
      expect(answer.statusCode).toBe(path === '/api/x?' ? 200 : 401);
    },
  );

  it('ignores Host', async () => {
    const headers = { ...sign('GET', '/api/x'), host: 'evil.example' };
    expect((await send('/api/x', { headers })).statusCode).toBe(200);
    const url = new URL('http://evil.example/api/x');
    const forEvil = signRequest({ method: 'GET', url, keyId: KEY_ID, secret: SECRET, now: clock.now() });
    expect((await send('/api/x', { headers: { ...forEvil, host: 'evil.example' } })).statusCode).toBe(401);
  });

  interface Sent {
    readonly method?: string;
    readonly headers: Record<string, string | string[]>;
  }

  /** Below fetch, which would normalise the request line and the headers. */
  function send(path: string, { method = 'GET', headers }: Sent, body?: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(origin, { method, path, headers }, (answer) => {
        answer.resume();
        resolve(answer);
      });
      outgoing.on('error', reject).end(body);
    });
  }
});
