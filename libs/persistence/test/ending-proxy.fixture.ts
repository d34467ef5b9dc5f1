import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** ReadyForQuery (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');
const FIELDS = Buffer.from(
  'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
);

/** A proxy in front of a Postgres server that can terminate each new session as soon as it is open. */
export interface EndingProxy {
  readonly url: string;
  /** Terminates every session opened from now on. Returns a function that counts them. */
  arm(): () => number;
  close(): Promise<void>;
}

export async function startEndingProxy(serverUrl: string): Promise<EndingProxy> {
  const { hostname, port } = new URL(serverUrl);
  const open = new Set<Socket>();
  let isArmed = false;
  let ended = 0;
  const server = createServer((client) => {
    const upstream = connect({ port: Number(port), host: hostname });
    let isOpen = false;
    const end = (): void => {
      for (const socket of [client, upstream]) open.delete(socket.destroy());
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      const opens = !isOpen && chunk.includes(READY);
      isOpen ||= opens;
      if (!opens || !isArmed) return client.write(chunk);
      ended += 1;
      // Sent as one chunk, so that the client reads both messages at once.
      return client.end(Buffer.concat([chunk, fatal()]));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(serverUrl), { hostname: '127.0.0.1', port: String(ownPort) }).toString(),
    arm: () => {
      isArmed = true;
      return () => ended;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function fatal(): Buffer {
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + FIELDS.length, 1);
  return Buffer.concat([head, FIELDS]);
}
