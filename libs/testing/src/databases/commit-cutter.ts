import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** `before`: the server never sees the COMMIT. `after`: the server commits, but its response is lost. */
type Cut = 'before' | 'after';

/**
 * A COMMIT and its response in PostgreSQL's protocol
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1');
const COMMITTED = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');

/**
 * A proxy in front of a Postgres server that can drop a connection in the middle of a COMMIT, or freeze all
 * connections.
 */
export interface CommitCutter {
  /** The given URL, routed through the proxy. */
  through(url: string): string;
  /** Drops the connection of the next COMMIT. */
  arm(cut: Cut): void;
  /** Until disarmed, calls `cutFor` at each COMMIT to decide whether to drop its connection. */
  armWhere(cutFor: () => Cut | undefined): void;
  disarm(): void;
  /** From now on, accepts connections but forwards nothing, not even the closing of a connection. */
  freeze(): void;
  close(): Promise<void>;
}

export async function startCommitCutter(serverUrl: string): Promise<CommitCutter> {
  const { hostname, port } = new URL(serverUrl);
  const open = new Set<Socket>();
  let cutFor: () => Cut | undefined = () => undefined;
  let isFrozen = false;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    let cut: Cut | undefined;
    const end = (): void => {
      for (const socket of [client, upstream]) {
        socket.destroy();
        open.delete(socket);
      }
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true).on('error', end).on('close', end);
      socket.on('end', () => {
        if (!isFrozen) end();
      });
    }
    client.on('data', (chunk) => {
      if (isFrozen) return;
      if (chunk.includes(COMMIT)) cut ??= cutFor();
      if (cut === 'before') return end();
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (isFrozen) return;
      if (cut === 'after' && chunk.includes(COMMITTED)) return end();
      client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    through: (url) =>
      Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(ownPort) }).toString(),
    arm: (cut) =>
      void (cutFor = () => {
        cutFor = () => undefined;
        return cut;
      }),
    armWhere: (asked) => void (cutFor = asked),
    disarm: () => void (cutFor = () => undefined),
    freeze: () => void (isFrozen = true),
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
