import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { signalWithin } from './signal-within';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe(signalWithin.name, () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const call = (signal: AbortSignal): Promise<Response> =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { signal });

  it('aborts an unanswered call when the time is up, even after garbage collection', async () => {
    const reached = once(server, 'request');
    const ended = expect(call(signalWithin(300, new AbortController().signal))).rejects.toThrow(
      expect.objectContaining({ name: 'TimeoutError' }),
    );
    await reached;
    collectGarbage();
    await ended;
  });

  it('aborts a call when the given signal aborts', async () => {
    const end = new AbortController();
    const ended = expect(call(signalWithin(60_000, end.signal))).rejects.toThrow('seen enough');
    end.abort(new Error('seen enough'));
    await ended;
  });
});
