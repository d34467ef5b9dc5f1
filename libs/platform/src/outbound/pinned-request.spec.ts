import { type AddressInfo, type Server, createServer } from 'node:net';
import { sendTo } from './pinned-request';

describe('a request to a checked address', () => {
  let server: Server;
  afterEach(() => server.close());

  it.each([
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['closes the connection', ''],
  ])('fails if the server %s instead of answering', async (_, answer) => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const request = {
      url: new URL(`http://127.0.0.1:${port}`),
      method: 'GET',
      headers: {},
      signal: new AbortController().signal,
    };
    await expect(sendTo([{ address: '127.0.0.1', family: 4 }], request)).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
  });
});
