import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENT_TYPES } from '@atlas/operator-api';
import { eventually } from '@atlas/testing';
import { TestControlPlane } from '../control-plane.fixture';
import { TO_ANY_ADDRESS, deliveriesOf, dispatch, subscribe, tell } from '../event-receiver.fixture';

const GUIDE = readFileSync(join(__dirname, '../../../../docs/guides/events.md'), 'utf8');

/** To see it fail: change a header's name or the signed text in the guide's receiver. */
describe('the guide to event subscriptions', () => {
  let folder: string;
  let plane: TestControlPlane;
  let receiver: ChildProcess | undefined;
  let output = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-events-'));
    const [, code = ''] = /^```js\n([^]*?)^```/m.exec(GUIDE) ?? [];
    writeFileSync(join(folder, 'receiver.mjs'), code);
    plane = await TestControlPlane.boot('sqlite', TO_ANY_ADDRESS);
  });
  afterAll(async () => {
    receiver?.kill();
    await plane.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the guide's receiver at the time of the Control Plane's clock. */
  const start = async (secret: string, port: number): Promise<void> => {
    output = '';
    const now = `data:text/javascript,Date.now=()=>${plane.clock.now().getTime()}`;
    const env = { ...process.env, SECRET: secret, PORT: String(port) };
    receiver = spawn(process.execPath, ['--import', now, 'receiver.mjs'], { cwd: folder, env });
    receiver.stdout?.on('data', (text: Buffer) => (output += text.toString()));
    receiver.stderr?.on('data', (text: Buffer) => (output += text.toString()));
    await eventually(() => output.includes('Waiting for events.'), {
      what: 'it listens',
      found: () => output,
    });
  };

  it('lists the types of events', () => {
    const listed = [...GUIDE.matchAll(/^\| `([a-z_]+\.[a-z]+)` /gm)].map(([, type]) => type);
    expect(listed).toEqual(EVENT_TYPES);
  });

  it('has a receiver that accepts authentic events only, and each only once', async () => {
    const port = await freePort();
    const { id, secret } = await subscribe(plane, { url: `http://127.0.0.1:${port}/` });
    const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    await start(other, port);
    await tell(plane, 1);
    await dispatch(plane);
    expect((await deliveriesOf(plane, id))[0]?.last_answer).toMatchObject({ status: 401 });
    receiver?.kill();
    await once(receiver as ChildProcess, 'exit');
    await start(secret, port);
    plane.clock.advance(10);
    await dispatch(plane);
    expect((await deliveriesOf(plane, id))[0]).toMatchObject({ status: 'delivered', attempts: 2 });
    expect(output).toBe('Waiting for events.\ntenant_plane.offline: http://127.0.0.1:4100/console/fleet/a\n');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
