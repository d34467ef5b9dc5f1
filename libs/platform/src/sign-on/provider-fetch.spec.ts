import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ProviderUnreachable, providerFetch } from './provider-fetch';
import { isPublicAddress, lookupPublic } from './public-addresses';

const ASKED = { method: 'GET', headers: {}, redirect: 'manual', body: undefined } as const;

describe(isPublicAddress.name, () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '[2a00:1450::1]'])(
    'accepts %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '192.0.2.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '[::1]',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'ff02::1',
    '2001::1',
    '2002:7f00:1::',
    '2001:db8::1',
    'localhost',
    '',
    '127.1',
    '0x7f.1',
    '2130706433',
  ])('refuses %s', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('lookupPublic', () => {
  it.each([{ all: true }, {}])('returns no address of this machine (%j)', async (options) => {
    const error = await new Promise((resolve) => lookupPublic('localhost', options, resolve));
    expect(String(error)).toContain('not on the public internet');
  });
});

describe(providerFetch.name, () => {
  let server: Server;
  let url: string;
  let asked = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked += 1;
      if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end();
      else if (request.url === '/long') response.end('x'.repeat(600 * 1024));
      else if (request.url === '/never') response.write('x');
      else response.writeHead(200, { 'content-type': 'application/json' }).end(`{"path":"${request.url}"}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => (asked = 0));

  const get = (path: string, publicOnly = false, signal?: AbortSignal) =>
    providerFetch(publicOnly)(path, { ...ASKED, signal });

  it("returns the provider's response, even over plain http if the provider is on this machine", async () => {
    const answer = await get(`${url}/keys`);
    expect([answer.status, await answer.json()]).toEqual([200, { path: '/keys' }]);
  });

  it('does not follow redirects', async () => {
    expect((await get(`${url}/redirect`)).status).toBe(302);
    expect(asked).toBe(1);
  });

  it('limits the size of a response, and the time to wait for it', async () => {
    await expect(get(`${url}/long`)).rejects.toThrow('its response is too long');
    const ended = AbortSignal.timeout(100);
    await expect(get(`${url}/never`, false, ended)).rejects.toThrow(/did not respond in time|aborted/);
  });

  it.each(['http://login.example.com', 'http://10.0.0.1'])(
    'refuses plain http to another machine: %s',
    async (plain) => {
      await expect(get(plain)).rejects.toThrow('must be https');
    },
  );

  it('never connects to our own network on behalf of a tenant', async () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '2130706433']) {
      const target = url.replace('127.0.0.1', host);
      await expect(get(target, true)).rejects.toThrow('not on the public internet');
      await expect(get(target, true)).rejects.toBeInstanceOf(ProviderUnreachable);
    }
    expect(asked).toBe(0);
  });
});
