import { Client, type ClientConfig } from 'pg';

/**
 * How long a connection to Postgres may take to open, and how soon an idle one, such as a listener, is found
 * dead. Otherwise a connection that a fail-over or a firewall has forgotten would be waited on for hours.
 */
export const NOTICING_SILENCE = {
  connectionTimeoutMillis: 5000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;

/**
 * A client whose lost connection never crashes the process. Without an `error` listener node-postgres would
 * throw, and a pool has none between the moment a connection opens and its first use. The user learns of the
 * loss from the next statement.
 */
export class PostgresClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
