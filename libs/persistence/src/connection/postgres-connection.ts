import { Client, type ClientConfig } from 'pg';

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
 * A client that does not crash the process when its connection is lost. Without an `error` listener
 * node-postgres would throw, and a pool adds a listener only when the connection is first used. The next
 * statement reports the loss.
 */
export class PostgresClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
