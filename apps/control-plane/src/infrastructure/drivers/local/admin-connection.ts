import { StepFailure } from '@atlas/jobs';
import { PostgresClient } from '@atlas/persistence';
import { DatabaseError, type QueryResult, type QueryResultRow } from 'pg';

/** Timeouts in milliseconds. */
export interface Patience {
  readonly connectMs: number;
  /** For a statement that reads or changes the catalogs. */
  readonly quickMs: number;
  /** For a statement that copies, changes or removes a whole database. */
  readonly slowMs: number;
  /** For the lock on a name, while another worker creates or removes the database with that name. */
  readonly nameLockMs: number;
  /** For the migration of the template by the Tenant Plane. */
  readonly migrationMs: number;
  /** For the lock on the template, while another process creates it. */
  readonly templateLockMs: number;
  /** Added to each timeout before giving up on a server that does not respond. */
  readonly graceMs: number;
}

export const PATIENCE: Patience = {
  connectMs: 5000,
  quickMs: 15_000,
  slowMs: 120_000,
  nameLockMs: 10_000,
  migrationMs: 60_000,
  templateLockMs: 90_000,
  graceMs: 5000,
};

/** How long the connection is idle before the first probe. */
const KEEP_ALIVE_SECONDS = 10;
/**
 * Both sides close an idle connection once the peer has been unreachable for 20 s. Node.js sends ten probes,
 * one a second (https://nodejs.org/api/net.html#socketsetkeepaliveenable-initialdelay). The server sends
 * five, one every two seconds, and waits 20 s for sent data to be acknowledged.
 */
const SERVER_KEEP_ALIVE = `
  set tcp_keepalives_idle = ${KEEP_ALIVE_SECONDS};
  set tcp_keepalives_interval = 2;
  set tcp_keepalives_count = 5;
  set tcp_user_timeout = 20000`;
/** The error code of `statement_timeout` (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const QUERY_CANCELED = '57014';

/**
 * A superuser connection. The server cancels a statement that takes too long. If the server does not respond
 * at all, the socket is destroyed. In both cases, the call throws a StepFailure, which causes a retry.
 */
export class AdminConnection {
  private statementMs = 0;

  private constructor(
    private readonly client: PostgresClient,
    private readonly patience: Patience,
  ) {}

  static async open(url: string, patience: Patience): Promise<AdminConnection> {
    const client = new PostgresClient({
      connectionString: url,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_SECONDS * 1000,
    });
    const connection = new AdminConnection(client, patience);
    try {
      await connection.orSilent(patience.connectMs, () => client.connect());
      // By default, the server logs failed statements, including passwords. With the kernel's
      // default keep-alives, it would also keep the locks of a lost connection for hours.
      await connection.send(patience.quickMs, `set log_min_error_statement = panic; ${SERVER_KEEP_ALIVE}`);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  query<T extends QueryResultRow>(sql: string, values?: unknown[]): Promise<QueryResult<T>> {
    return this.within(this.patience.quickMs, 'finish a statement', sql, values);
  }

  /** For a statement that copies, changes or removes a whole database. */
  querySlowly(sql: string): Promise<QueryResult> {
    return this.within(this.patience.slowMs, 'finish a statement', sql);
  }

  /** Takes the advisory lock on a name until the connection closes. */
  async lockName(lockClass: number, name: string): Promise<void> {
    const sql = 'select pg_advisory_lock($1, hashtext($2))';
    await this.within(this.patience.nameLockMs, `get the lock on ${name}`, sql, [lockClass, name]);
  }

  /** Takes the advisory lock on the template until the connection closes. */
  async lockTemplate(lock: number): Promise<void> {
    const sql = 'select pg_advisory_lock($1)';
    await this.within(this.patience.templateLockMs, 'get the lock on the template', sql, [lock]);
  }

  async close(): Promise<void> {
    await this.orSilent(this.patience.connectMs, () => this.client.end());
  }

  private async within<T extends QueryResultRow>(
    ms: number,
    what: string,
    sql: string,
    values?: unknown[],
  ): Promise<QueryResult<T>> {
    if (this.statementMs !== ms) await this.send(this.patience.quickMs, `set statement_timeout = ${ms}`);
    this.statementMs = ms;
    try {
      return await this.send<T>(ms, sql, values);
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== QUERY_CANCELED) throw error;
      const detail = `${this.server} could not ${what} within ${ms / 1000} s.`;
      throw new StepFailure('retry', 'postgres_too_slow', detail);
    }
  }

  private send<T extends QueryResultRow>(
    ms: number,
    sql: string,
    values?: unknown[],
  ): Promise<QueryResult<T>> {
    return this.orSilent(ms + this.patience.graceMs, () => this.client.query<T>(sql, values));
  }

  /** Destroying the socket rejects all pending queries with this failure. */
  private async orSilent<T>(ms: number, work: () => Promise<T>): Promise<T> {
    const detail = `${this.server} did not respond within ${ms / 1000} s.`;
    const silent = setTimeout(
      () => this.client.socket.destroy(new StepFailure('retry', 'postgres_silent', detail)),
      ms,
    );
    try {
      return await work();
    } finally {
      clearTimeout(silent);
    }
  }

  private get server(): string {
    return `The Postgres server ${this.client.host}:${this.client.port} (LOCAL_DRIVER_POSTGRES_URL)`;
  }
}
