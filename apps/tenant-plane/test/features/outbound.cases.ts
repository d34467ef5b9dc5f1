import { type LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import { type Server as TlsServer, createServer as createTlsServer } from 'node:https';
import { type AddressInfo, type Socket, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type DeploymentModel, profileOf } from '@atlas/deployment-profiles';
import { DomainError, type OutboundNetwork, isPublicAddress } from '@atlas/platform';
import { HAS_OPENSSL, createTestCertificate, eventually } from '@atlas/testing';
import { OutboundHttp } from '../../src/outbound/outbound-http';
import { type OutboundRequest } from '../../src/outbound/outbound-request';
import { Deployment } from '../../src/plane-identity/deployment';

/** An address of this machine that the client takes for an address on the internet. */
const ON_THE_INTERNET = '127.0.0.2';
const SECRET = 'hunter2-in-a-header';

type Answers = (asked: IncomingMessage, answer: ServerResponse, body: string) => void;

/**
 * Linux only, because the tests need two loopback addresses.
 *
 * To see it fail: in `sendTo`, leave out `lookup`, or check only the first hop.
 */
(process.platform === 'linux' ? describe : describe.skip)('calls to addresses of tenants', () => {
  const servers: { close(): void; closeAllConnections?(): void }[] = [];
  /** What each name resolves to, one answer after the other. The last one stays. */
  let names: Record<string, string[]>;
  let lookups: string[];
  let http: OutboundHttp;
  /** The requests that reached a server, as `<name of the server> <method> <path>`. */
  let reached: string[];
  let seen: { headers: IncomingMessage['headers']; body: string }[];

  type Lookup = (name: string, options: unknown, answer: (...given: unknown[]) => void) => void;
  const resolve: Lookup = (name, _options, answer) => {
    lookups.push(name);
    const [first, ...later] = names[name] ?? [];
    if (first === undefined) return answer(Object.assign(new Error(name), { code: 'ENOTFOUND' }));
    if (later.length > 0) names[name] = later;
    const found = first.split(' ').map((address): LookupAddress => {
      return { address, family: address.includes(':') ? 6 : 4 };
    });
    setImmediate(() => answer(null, found));
  };
  const clientOf = (model: DeploymentModel, lookup = resolve): OutboundHttp => {
    const deployment = Object.create(Deployment.prototype, { profile: { value: profileOf(model) } });
    const isPublic = (address: string): boolean => address === ON_THE_INTERNET || isPublicAddress(address);
    return new OutboundHttp(deployment as Deployment, { lookup, isPublic } as OutboundNetwork);
  };

  beforeEach(() => {
    names = { 'api.example': [ON_THE_INTERNET], 'other.example': [ON_THE_INTERNET] };
    [lookups, reached, seen] = [[], [], []];
    http = clientOf('shared');
  });
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections?.();
      server.close();
    }
  });

  async function listening(server: Server | TlsServer, address: string): Promise<number> {
    server.listen(0, address);
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }
  /** Starts a server and returns its port. */
  const serve = (answers: Answers, address = ON_THE_INTERNET, name = 'api'): Promise<number> => {
    const listener: RequestListener = async (asked, answer) => {
      reached.push(`${name} ${asked.method} ${asked.url}`);
      const body = Buffer.concat(await asked.toArray()).toString();
      seen.push({ headers: asked.headers, body });
      answers(asked, answer, body);
    };
    return listening(createServer(listener), address);
  };
  /** A server that must not be reached. */
  const inside = (): Promise<number> =>
    serve((_asked, answer) => answer.end('inside'), '127.0.0.1', 'inside');
  const fetching = (url: string, changes: Partial<OutboundRequest> = {}) =>
    http.fetch({ method: 'GET', url, timeoutMs: 5000, maxBytes: 1000, ...changes });
  const refusal = async (work: Promise<unknown>): Promise<DomainError> => {
    const error: unknown = await work.then(
      () => new Error('It was not refused.'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DomainError);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(SECRET);
    return error as DomainError;
  };

  it('return the status, the headers and the body', async () => {
    const port = await serve((_asked, answer) => answer.writeHead(418, { 'x-one': '1' }).end('tea'));
    const body = JSON.stringify({ a: 1 });
    const headers = { 'Content-Type': 'application/json', 'X-Api-Key': SECRET };
    const response = await fetching(`http://api.example:${port}/p?q=1`, { method: 'POST', headers, body });
    expect(response).toMatchObject({ status: 418, headers: { 'x-one': '1' }, body: Buffer.from('tea') });
    expect(reached).toEqual(['api POST /p?q=1']);
    expect(seen[0]).toMatchObject({
      body,
      headers: {
        host: `api.example:${port}`,
        'content-type': 'application/json',
        'content-length': '7',
        'x-api-key': SECRET,
      },
    });
  });

  it('decompress the body', async () => {
    const packed = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
    const port = await serve(({ url = '' }, answer) => {
      const encoding = url.slice(1) as keyof typeof packed;
      answer.writeHead(200, { 'content-encoding': encoding }).end(packed[encoding]('text'));
    });
    for (const encoding of Object.keys(packed)) {
      const { body } = await fetching(`http://api.example:${port}/${encoding}`);
      expect(body.toString()).toBe('text');
    }
    const { body } = await fetching(`http://api.example:${port}/gzip`, { method: 'HEAD' });
    expect(body).toHaveLength(0);
  });

  describe('on a plane that Atlas runs', () => {
    it.each([
      'http://127.0.0.1/',
      'http://127.1/',
      'http://2130706433/',
      'http://0x7f000001/',
      'http://0177.0.0.1/',
      'http://0/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[64:ff9b::7f00:1]/',
      'https://10.0.0.1/',
      'http://169.254.169.254/latest/meta-data/',
      'http://[fd00:ec2::254]/',
      'ftp://api.example/',
      'file:///etc/passwd',
      'http://user:hunter2-in-a-header@api.example/',
      'nonsense',
    ])('refuse %s', async (url) => {
      expect(await refusal(fetching(url))).toMatchObject({
        code: 'address_not_allowed',
        kind: 'unprocessable',
      });
      expect(await refusal(http.requireAllowed(url))).toMatchObject({ code: 'address_not_allowed' });
    });

    it('refuse a name if any of its addresses is not on the internet', async () => {
      const port = await inside();
      for (const addresses of ['127.0.0.1', `${ON_THE_INTERNET} 127.0.0.1`, '8.8.8.8 ::1']) {
        names['inside.example'] = [addresses];
        const url = `http://inside.example:${port}/?key=${SECRET}`;
        const error = await refusal(fetching(url));
        expect(error).toMatchObject({ code: 'address_not_allowed' });
        expect(error.message).toContain(`inside.example:${port}`);
        expect(error.message).not.toContain('127.0.0.1');
        expect(await refusal(http.requireAllowed(url))).toMatchObject({ code: 'address_not_allowed' });
      }
      expect(reached).toEqual([]);
    });

    it('connect to the address that was checked, even if the name has another address by then', async () => {
      const port = await serve((_asked, answer) => answer.end('outside'));
      const trap = createServer(() => reached.push('inside'));
      servers.push(trap);
      trap.listen(port, '127.0.0.1');
      await once(trap, 'listening');
      names['rebinding.example'] = [ON_THE_INTERNET, '127.0.0.1'];
      const { body } = await fetching(`http://rebinding.example:${port}/`);
      expect([body.toString(), lookups]).toEqual(['outside', ['rebinding.example']]);
      // The next call finds the other address.
      expect(await refusal(fetching(`http://rebinding.example:${port}/`))).toMatchObject({
        code: 'address_not_allowed',
      });
      expect(reached).toEqual(['api GET /']);
    });

    it('refuse a name that has another address when it redirects to itself', async () => {
      const port = await serve((_asked, answer) => answer.writeHead(302, { location: '/again' }).end());
      names['rebinding.example'] = [ON_THE_INTERNET, '127.0.0.1'];
      expect(await refusal(fetching(`http://rebinding.example:${port}/`))).toMatchObject({
        code: 'address_not_allowed',
      });
      expect(reached).toEqual(['api GET /']);
    });

    it.each([
      'http://127.0.0.1:{port}/',
      'http://[::1]:{port}/',
      'http://[::ffff:127.0.0.1]:{port}/',
      'http://169.254.169.254/',
      '//2130706433:{port}/',
      'http://inside.example:{port}/',
      'file:///etc/passwd',
      'http://user:password@api.example/',
    ])('do not follow a redirect to %s', async (target) => {
      const port = await inside();
      names['inside.example'] = ['127.0.0.1'];
      const location = target.replace('{port}', String(port));
      const outside = await serve((_asked, answer) => answer.writeHead(302, { location }).end());
      expect(await refusal(fetching(`http://api.example:${outside}/`))).toMatchObject({
        code: 'address_not_allowed',
      });
      expect(reached).toEqual(['api GET /']);
    });

    it('let a user store a name that cannot be resolved at the moment', async () => {
      await http.requireAllowed('https://unknown.example/');
      await http.requireAllowed('https://api.example/');
    });
  });

  it.each(['on_prem', 'hybrid'] as const)("reach the customer's network in the %s model", async (model) => {
    http = clientOf(model);
    const port = await inside();
    await http.requireAllowed(`http://127.0.0.1:${port}/`);
    expect((await fetching(`http://127.0.0.1:${port}/`)).body.toString()).toBe('inside');
    expect(await refusal(http.requireAllowed('file:///etc/passwd'))).toMatchObject({
      code: 'address_not_allowed',
    });
  });

  it('are limited to the internet in the dedicated model', async () => {
    http = clientOf('dedicated');
    expect(await refusal(fetching('http://10.0.0.1/'))).toMatchObject({ code: 'address_not_allowed' });
  });

  describe('that are redirected', () => {
    const headers = { authorization: SECRET, cookie: SECRET, 'x-api-key': SECRET, accept: 'text/plain' };
    const redirecting = (to: (port: number) => string, status = 302): Promise<number> =>
      serve(({ url = '', socket }, answer) => {
        if (url !== '/') return answer.end('there');
        answer.writeHead(status, { location: to(socket.localPort ?? 0) }).end();
      });

    it('keep their headers on the same origin', async () => {
      const port = await redirecting(() => '/there');
      expect((await fetching(`http://api.example:${port}/`, { headers })).body.toString()).toBe('there');
      expect(seen[1]?.headers).toMatchObject(headers);
    });

    it('lose all headers that may be credentials on another origin', async () => {
      const port = await redirecting((own) => `http://other.example:${own}/there`);
      await fetching(`http://api.example:${port}/`, { headers });
      expect(seen[1]?.headers).toMatchObject({ host: `other.example:${port}`, accept: 'text/plain' });
      expect(JSON.stringify(seen[1])).not.toContain(SECRET);
    });

    it('become a GET without a body, or are repeated if the status says so', async () => {
      const asked = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'b' } as const;
      for (const status of [301, 302, 303, 307, 308])
        await fetching(`http://api.example:${await redirecting(() => '/there', status)}/`, asked);
      const last = reached.filter((_one, index) => index % 2 === 1);
      expect(last.map((one) => one.split(' ')[1])).toEqual(['GET', 'GET', 'GET', 'POST', 'POST']);
      expect(seen[1]?.headers).not.toHaveProperty('content-type');
      expect(seen[9]).toMatchObject({ body: 'b', headers: { 'content-type': 'text/plain' } });
    });

    it('do not send their body to another origin', async () => {
      const port = await redirecting((own) => `http://other.example:${own}/there`, 307);
      const posting = fetching(`http://api.example:${port}/`, { method: 'POST', body: SECRET });
      expect(await refusal(posting)).toMatchObject({ code: 'outbound_failed' });
      expect(reached).toHaveLength(1);
    });

    it('end after five redirects', async () => {
      const port = await serve((_asked, answer) => answer.writeHead(302, { location: '/' }).end());
      expect(await refusal(fetching(`http://api.example:${port}/`))).toMatchObject({
        code: 'outbound_failed',
      });
      expect(reached).toHaveLength(6);
    });
  });

  describe('to a server that misbehaves', () => {
    /** A server that writes `text` and then, for ever, `more`. */
    const raw = async (text: string, more?: string): Promise<number> => {
      const server = createTcpServer((socket: Socket) => {
        socket.on('error', () => undefined);
        servers.push({ close: () => socket.destroy() });
        socket.write(text);
        const write = (): void =>
          void (socket.writable && socket.write(more ?? '', () => setImmediate(write)));
        if (more !== undefined) write();
      });
      server.listen(0, ON_THE_INTERNET);
      await once(server, 'listening');
      servers.push(server);
      return (server.address() as AddressInfo).port;
    };
    const url = (port: number): string => `http://api.example:${port}/?key=${SECRET}`;
    const short = { timeoutMs: 300 };

    it.each([
      ['no response', ''],
      ['half of the headers', 'HTTP/1.1 200 OK\r\nx-one: '],
      ['half of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ])('end in time after %s', async (_what, text) => {
      expect(await refusal(fetching(url(await raw(text)), short))).toMatchObject({
        code: 'outbound_timeout',
      });
    });

    it('end in time if its name is never resolved', async () => {
      http = clientOf('shared', () => undefined);
      expect(await refusal(fetching(url(80), short))).toMatchObject({ code: 'outbound_timeout' });
    });

    it.each([
      ['an endless body', 'HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(1000)],
      ['an endless chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '3\r\nabc\r\n'],
      ['endless headers', 'HTTP/1.1 200 OK\r\n', `x-one: ${'x'.repeat(1000)}\r\n`],
    ])('end at the limit of %s', async (_what, text, more) => {
      expect(await refusal(fetching(url(await raw(text, more))))).toMatchObject({
        code: 'outbound_too_large',
      });
    });

    it('end at the limit of a compressed body that grows', async () => {
      const bomb = gzipSync(Buffer.alloc(50_000_000));
      const port = await serve((_asked, answer) =>
        answer.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      );
      const before = process.memoryUsage().arrayBuffers;
      const fetched = fetching(url(port), { maxBytes: 100_000 });
      expect(await refusal(fetched)).toMatchObject({ code: 'outbound_too_large' });
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    });

    it.each([
      ['not HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
      ['an unknown compression', 'HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\ncontent-length: 1\r\n\r\nx'],
      ['broken compression', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope'],
    ])('fail after %s', async (_what, text) => {
      expect(await refusal(fetching(url(await raw(text))))).toMatchObject({ code: 'outbound_failed' });
    });

    it('fail if it does not listen, has no address, or closes the connection', async () => {
      const port = await serve(({ socket }) => socket.destroy());
      for (const where of [`http://api.example:1/`, 'http://unknown.example/', url(port)])
        expect(await refusal(fetching(where))).toMatchObject({ code: 'outbound_failed' });
    });
  });

  it('end with the signal of the caller', async () => {
    const port = await serve(() => undefined);
    const end = new AbortController();
    const fetched = fetching(`http://api.example:${port}/`, { signal: end.signal });
    await eventually(() => reached.length === 1);
    end.abort(new Error('the run was cancelled'));
    await expect(fetched).rejects.toThrow('the run was cancelled');
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'connection'])(
    'refuse the header %s',
    async (name) => {
      const fetched = fetching('http://api.example/', { headers: { [name]: SECRET } });
      expect(await refusal(fetched)).toMatchObject({ code: 'header_not_allowed', kind: 'unprocessable' });
    },
  );

  it('refuse a header with a line break', async () => {
    const port = await inside();
    const fetched = fetching(`http://api.example:${port}/`, {
      headers: { 'x-one': `${SECRET}\r\nx-two: 2` },
    });
    expect(await refusal(fetched)).toMatchObject({ code: 'outbound_failed' });
    expect(reached).toEqual([]);
  });

  (HAS_OPENSSL ? it : it.skip)('present the name to a TLS server, and check its certificate', async () => {
    names['localhost'] = [ON_THE_INTERNET];
    const presented: string[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'atlas-outbound-'));
    const server = createTlsServer({
      ...createTestCertificate(folder),
      SNICallback: (name, done) => {
        presented.push(name);
        done(null);
      },
    });
    rmSync(folder, { recursive: true });
    const port = await listening(server, ON_THE_INTERNET);
    const error = await refusal(fetching(`https://localhost:${port}/`));
    expect(error.message).toMatch(/TLS certificate is signed by no known authority/);
    expect(presented).toEqual(['localhost']);
    const plain = await serve((_asked, answer) => answer.end());
    expect((await refusal(fetching(`https://localhost:${plain}/`))).message).toMatch(/does not speak TLS/);
  });
});
