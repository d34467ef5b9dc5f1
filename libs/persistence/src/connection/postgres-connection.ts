import { Socket } from 'node:net';
import { Client, type ClientConfig, type QueryResult } from 'pg';

/**
 * Limits how long a connection to Postgres may take to open, and detects when an idle connection, such as a
 * listener's, has died. Otherwise a process could wait for hours on a connection that was lost in a failover
 * or dropped by a firewall.
 */
export const NOTICING_SILENCE = {
  connectionTimeoutMillis: 5000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;

/**
 * Sends the statements of one turn of the event loop with one system call. node-postgres corks its socket for
 * each statement, and would send each by itself.
 */
class TurnwiseSocket extends Socket {
  override uncork(): void {
    process.nextTick(() => super.uncork());
  }
}

/**
 * A client that does not crash the process when its connection is lost. Without an `error` listener
 * node-postgres would throw, and a pool adds a listener only when the connection is first used. The next
 * statement reports the loss.
 */
export class PostgresClient extends Client {
  readonly socket: Socket;

  constructor(config: Omit<ClientConfig, 'stream'> = {}) {
    const socket = new TurnwiseSocket();
    super({ ...config, stream: () => socket });
    this.socket = socket;
    this.on('error', () => undefined);
  }

  /** Like `query`, but sent together with the next statement of this turn of the event loop. */
  queryWithNext(sql: string): Promise<QueryResult> {
    this.socket.cork();
    try {
      return this.query(sql);
    } finally {
      this.socket.uncork();
    }
  }
}
