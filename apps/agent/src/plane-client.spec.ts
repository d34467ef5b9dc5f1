import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
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
