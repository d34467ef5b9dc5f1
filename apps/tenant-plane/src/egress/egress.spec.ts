import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PROFILES } from '@atlas/deployment-profiles';
import { Egress } from './egress';

describe(Egress.name, () => {
  let received = 0;
  const server = createServer((_request, response) => {
    received += 1;
    response.end('{}');
  });
  let url: URL;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  afterAll(() => server.close());
  beforeEach(() => (received = 0));

  /** Sends rows with consent, which is withdrawn when the ledger is written. */
  const send = async (withdraws: boolean): Promise<readonly string[]> => {
    const steps: string[] = [];
    let isMeant = true;
    const log = {
      note: () => steps.push('noted'),
      write: async () => {
        steps.push('recorded');
        isMeant = !withdraws;
      },
    };
    const egress = new Egress({ profile: PROFILES.on_prem, isOffline: false }, log);
    const requireMeant = async (): Promise<void> => {
      if (!isMeant) throw new Error('there is no consent');
    };
    const call = { class: 'move_rows', method: 'PUT', url, body: 'sealed', requireMeant } as const;
    const headers = { 'content-type': 'application/jose' };
    await egress.fetch({ ...call, headers, signal: AbortSignal.timeout(5000) });
    return steps;
  };

  it('sends what has consent, once it is recorded', async () => {
    expect(await send(false)).toEqual(['recorded']);
    expect(received).toBe(1);
  });

  /** To see it fail, let `Egress.fetch` ask for consent only before it records the call. */
  it('does not send what loses its consent while it is recorded', async () => {
    await expect(send(true)).rejects.toThrow('there is no consent');
    expect(received).toBe(0);
  });
});
