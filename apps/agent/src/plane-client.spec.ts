import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import dns from 'node:dns';
import { createServer as createTlsServer } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HAS_OPENSSL, createTestCertificate } from '@atlas/testing';
import { PlaneClient, PlaneRefusal, PlaneUnreachable } from './plane-client';
import { retryDelayMs } from './retry-delay';

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

const BEAT = { version: '1', hostname: 'x', labels: {}, leases: [] };

describe('calls to a plane', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  const serve = async (answer: Answering): Promise<string> => {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const redirectTo =
    (location: (path: string) => string): Answering =>
    (request, response) =>
      response.writeHead(307, { location: location(request.url ?? '') }).end();
  const clientOf = (url: string, moves: string[] = []): PlaneClient =>
    new PlaneClient({ url, key: 'secret', caFile: null, onMoved: (moved) => moves.push(moved) });

  it('follow the tenant to its new address, with the key, and go there directly from then on', async () => {
    const seen: unknown[] = [];
    const target = await serve(({ headers, method }, response) => {
      seen.push([method, headers.authorization]);
      response.end('{"agent_id":"a"}');
    });
    let asked = 0;
    const source = await serve((request, response) => {
      asked += 1;
      redirectTo((path) => `${target}${path}`)(request, response);
    });
    const moves: string[] = [];
    const client = clientOf(source, moves);
    for (let time = 0; time < 2; time += 1) await client.heartbeat(BEAT);
    expect([moves, asked]).toEqual([[target], 1]);
    expect(seen).toEqual([
      ['POST', 'Bearer secret'],
      ['POST', 'Bearer secret'],
    ]);
  });

  it('say which address to use instead of a name that the machine does not resolve', async () => {
    const notFound: Error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    jest
      .spyOn(dns, 'lookup')
      .mockImplementation(((...args: unknown[]) =>
        (args.at(-1) as (error: Error) => void)(notFound)) as typeof dns.lookup);
    await expect(clientOf('http://demo.localhost:4200').heartbeat(BEAT)).rejects.toThrow(
      'ENOTFOUND. Use http://127.0.0.1:4200 instead',
    );
    jest.restoreAllMocks();
  });

  it('do not follow to an address that has not answered, or for good', async () => {
    const target = await serve((_, response) => response.writeHead(503).end());
    const moves: string[] = [];
    const client = clientOf(await serve(redirectTo((path) => `${target}${path}`)), moves);
    await expect(client.heartbeat(BEAT)).rejects.toMatchObject({ status: 503 });
    expect(moves).toEqual([]);
  });

  it.each([
    ['plain http to another machine', (path: string) => `http://plane.example${path}`],
    ['another path', () => 'http://127.0.0.1:1/'],
    ['no address', () => 'http://'],
    ['itself', (path: string) => path],
  ])('never follow a redirect to %s', async (_, location) => {
    const client = clientOf(await serve(redirectTo(location)));
    await expect(client.heartbeat(BEAT)).rejects.toThrow(/redirects/);
  });

  describe('of a tenant that is about to move', () => {
    const heart = (next_url: string | null): string => JSON.stringify({ agent_id: 'a', next_url });

    it('go to the announced address if the known one fails', async () => {
      const seen: unknown[] = [];
      const target = await serve(({ headers }, response) => {
        seen.push(headers.authorization);
        response.end(heart(null));
      });
      let isGone = false;
      const source = await serve((_, it) => (isGone ? it.writeHead(404).end() : it.end(heart(target))));
      const moves: string[] = [];
      const client = clientOf(source, moves);
      await client.heartbeat(BEAT);
      expect(seen).toEqual([]);
      isGone = true;
      await client.heartbeat(BEAT);
      expect([seen, moves]).toEqual([['Bearer secret'], [target]]);
    });

    it('report the first failure if the tenant is not there yet, or if the move was undone', async () => {
      let asked = 0;
      const target = await serve((_, it) => {
        asked += 1;
        it.writeHead(401).end();
      });
      let [status, next] = [503, target] as [number, string | null];
      const source = await serve((_, it) => it.writeHead(status).end(heart(next)));
      const moves: string[] = [];
      const client = clientOf(source, moves);
      const call = () => client.heartbeat(BEAT).catch((error: unknown) => error);
      status = 200;
      await call();
      status = 503;
      expect([await call(), asked]).toMatchObject([{ status: 503 }, 1]);
      [status, next] = [200, null];
      await call();
      status = 503;
      expect([await call(), asked, moves]).toMatchObject([{ status: 503 }, 1, []]);
    });

    it('never go to an unsafe address', async () => {
      let status = 200;
      const source = await serve((_, it) => it.writeHead(status).end(heart('http://plane.example')));
      const client = clientOf(source);
      await client.heartbeat(BEAT);
      status = 503;
      await expect(client.heartbeat(BEAT)).rejects.toThrow('no safe address');
    });
  });

  (HAS_OPENSSL ? it : it.skip)('trust a private authority only if its file is given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-ca-'));
    const { cert, key, file } = createTestCertificate(folder);
    const server = createTlsServer({ cert, key }, (_, it) => it.end('{"agent_id":"a"}'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://localhost:${(server.address() as AddressInfo).port}`;
    const callWith = (caFile: string | null) =>
      new PlaneClient({ url, key: 'secret', caFile, onMoved: () => undefined }).heartbeat(BEAT);
    await expect(callWith(null)).rejects.toThrow(/self.signed/);
    expect(await callWith(file)).toEqual({ agent_id: 'a' });
    rmSync(folder, { recursive: true });
  });

  it('fail as unreachable if the answer is too large, or no JSON', async () => {
    for (const text of ['x'.repeat(2_000_000), '<html>'])
      await expect(clientOf(await serve((_, it) => it.end(text))).heartbeat(BEAT)).rejects.toThrow(
        PlaneUnreachable,
      );
  });

  it('say how long to wait before the next one', async () => {
    const busy = await serve((_, it) => it.writeHead(429, { 'retry-after': '7' }).end());
    const error: unknown = await clientOf(busy)
      .heartbeat(BEAT)
      .catch((it: unknown) => it);
    expect(retryDelayMs(error, 1)).toBe(7000);
    const down = new PlaneUnreachable('');
    expect([1, 2, 3, 9].map((failures) => retryDelayMs(down, failures, 1))).toEqual([
      500, 1000, 2000, 10_000,
    ]);
    expect(retryDelayMs(down, 2, 0)).toBe(500);
    expect(retryDelayMs(new PlaneRefusal(401, {}, null), 1)).toBe(60_000);
  });
});
