import { Client, type ClientConfig } from 'pg';

/**
 * How long a connection to Postgres may take to open, and how soon one is found dead on which nothing is under way, such as one
 * that listens. Without it a connection that a fail-over or a firewall forgot would be waited on for hours.
 */
export const NOTICING_SILENCE = {
  connectionTimeoutMillis: 5000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;

/**
 * A connection whose end never ends the process: node-postgres throws what nobody listens for, as between the moment that a
 * connection opens and its first statement. Whoever uses it hears of the end from the statement that fails.
 */
export class PostgresClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
