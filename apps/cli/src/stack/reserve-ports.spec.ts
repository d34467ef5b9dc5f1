import { type AddressInfo, createServer } from 'node:net';
import { reservePorts } from './reserve-ports';

describe(reservePorts.name, () => {
  const any = { variable: 'ATLAS_CP_PORT', port: 0 };
  const server = createServer();
  let busy = 0;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    busy = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('finds different free ports, and leaves them free', async () => {
    const [first, second] = await reservePorts([any, any]);
    expect(first).not.toBe(second);
    await expect(reservePorts([{ variable: 'ATLAS_CP_PORT', port: first ?? 0 }])).resolves.toEqual([first]);
  });

  it('names the busy port, and the variable that sets a different port', async () => {
    const wanted = [any, { variable: 'ATLAS_TP_PORT', port: busy }];
    await expect(reservePorts(wanted)).rejects.toMatchObject({
      message: `Port ${busy} is already in use.`,
      hint: expect.stringContaining('ATLAS_TP_PORT') as string,
    });
  });
});
