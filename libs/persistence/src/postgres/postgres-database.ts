import { CommitOutcomeUnknown, type RequestContext, currentContext } from '@atlas/platform';
import { type QueryResult } from 'pg';
import { type DataSource, type EntityManager, QueryFailedError, type QueryRunner } from 'typeorm';
import { requireConnection, tellBreaks } from '../connection/broken-connections';
import { type PostgresClient } from '../connection/postgres-connection';
import { Database, newTransaction, type Work } from '../database/database';
import { isDeadlock } from '../rows/rows';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How many times a transaction runs if Postgres keeps aborting it because of a deadlock. */
const MAX_ATTEMPTS = 3;

interface Connection {
  readonly runner: QueryRunner;
  readonly client: PostgresClient;
  /** Resolves to the error of BEGIN, or to undefined if BEGIN succeeded. */
  readonly begun: Promise<QueryFailedError | undefined>;
}

/** A tenant's read that is complete but whose transaction is still open. */
interface OpenRead extends Connection {
  readonly tenantId: string;
  readonly end: NodeJS.Immediate;
}

/**
 * Round trips dominate the cost of a request, so this class avoids them. Connections are pipelined: BEGIN and
 * the tenant setting are sent with the first statement, statements started together are sent together, and a
 * read does not wait for its COMMIT. If a request reads twice in a row as the same tenant (first the session,
 * then the data), both reads share a transaction.
 */
export class PostgresDatabase extends Database {
  readonly driver = 'postgres';
  /** The open reads, by request. Each stays open until the current turn of the event loop ends. */
  private readonly openReads = new WeakMap<RequestContext, OpenRead>();

  constructor(readonly dataSource: DataSource) {
    super();
    tellBreaks(dataSource);
  }

  /**
   * Uses the statement's start time, not the transaction's, because the transaction may have waited for locks
   * in between. `clock_timestamp()` would prevent the use of an index.
   */
  fromNow(seconds: number): string {
    return `(statement_timestamp() + interval '${seconds} seconds')`;
  }

  async now(): Promise<Date> {
    const sql = `select ${this.fromNow(0)} as now`;
    const [row] = await this.read((manager) => manager.query<{ now: Date }[]>(sql));
    if (!row) throw new Error('The database did not return its time.');
    return row.now;
  }

  async readAs<T>(tenantId: string, work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    if (open?.tenantId === tenantId) return work(open.manager);
    const connection =
      this.openReadOf(tenantId) ?? (await this.connect(`begin read only; ${asTenant(tenantId)}`));
    return this.attempt(connection, async () => {
      const result = await this.inside(newTransaction(connection.runner.manager, tenantId), work);
      await requireBegun(connection);
      this.leaveOpen({ ...connection, tenantId });
      return result;
    });
  }

  async snapshot<T>(tenantId: string, work: Work<T>): Promise<T> {
    const begin = `begin isolation level repeatable read read only; ${asTenant(tenantId)}`;
    const connection = await this.connect(begin);
    return this.attempt(connection, async () => {
      const result = await work(connection.runner.manager);
      await requireBegun(connection);
      this.commitBehind(connection);
      return result;
    });
  }

  protected async disconnect(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  protected reader(): EntityManager {
    return this.dataSource.manager;
  }

  /** In a deadlock, Postgres aborts one of the transactions, which is then run again. */
  protected async begin<T>(tenantId: string | undefined, work: Work<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.transaction(tenantId, work);
      } catch (error) {
        if (!isDeadlock(error) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  private async transaction<T>(tenantId: string | undefined, work: Work<T>): Promise<T> {
    const connection = await this.connect(tenantId === undefined ? 'begin' : `begin; ${asTenant(tenantId)}`);
    const open = newTransaction(connection.runner.manager, tenantId);
    return this.attempt(connection, async () => {
      const result = await this.inside(open, work);
      await this.completed(open, () => this.commit(connection));
      return result;
    });
  }

  private async connect(begin: string): Promise<Connection> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PostgresClient;
    // Awaited only at the commit, since waiting now would cost a round trip.
    const begun = client.queryWithNext(begin).then(
      () => undefined,
      (error: Error) => new QueryFailedError(begin, undefined, error),
    );
    // TypeORM's save() would otherwise open its own transaction.
    Object.assign(runner, { isTransactionActive: true });
    return { runner, client, begun };
  }

  private async attempt<T>({ runner, client }: Connection, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!runner.isReleased) {
        takeNoMore(runner);
        // A connection whose ROLLBACK fails is closed, not reused.
        await client.query('rollback').catch(() => client.end().catch(() => undefined));
        await this.release(runner);
      }
      throw error;
    }
  }

  /**
   * Throws {@link CommitOutcomeUnknown} if the connection breaks between COMMIT and its response. If it broke
   * earlier, nothing was stored.
   */
  private async commit(connection: Connection): Promise<void> {
    await requireBegun(connection);
    const { runner, client } = connection;
    takeNoMore(runner);
    // Nothing may be awaited between this check and COMMIT.
    requireConnection(runner, 'commit');
    const result = await client.query('commit').catch((error: Error): QueryResult => {
      throw isRefusal(error) ? error : new CommitOutcomeUnknown(error);
    });
    // The server responds with ROLLBACK if a statement failed and its error was swallowed.
    if (result.command !== 'COMMIT')
      throw new Error('A statement in this transaction failed, so nothing was written.');
    await this.release(runner);
  }

  private openReadOf(tenantId: string): OpenRead | undefined {
    const request = currentContext();
    const read = request && this.openReads.get(request);
    if (read?.tenantId !== tenantId) return undefined;
    clearImmediate(read.end);
    this.openReads.delete(request as RequestContext);
    return read;
  }

  private leaveOpen(read: Omit<OpenRead, 'end'>): void {
    const request = currentContext();
    if (!request || this.openReads.has(request)) return this.commitBehind(read);
    const end = setImmediate(() => {
      this.openReads.delete(request);
      this.commitBehind(read);
    });
    this.openReads.set(request, { ...read, end });
  }

  private commitBehind({ runner, client }: Connection): void {
    client.query('commit').then(
      () => this.release(runner),
      () => this.release(runner),
    );
  }

  private release(runner: QueryRunner): Promise<void> {
    Object.assign(runner, { isTransactionActive: false });
    return runner.release();
  }
}

/** Refuses further statements. After COMMIT or ROLLBACK, each would run as its own transaction. */
function takeNoMore(runner: QueryRunner): void {
  const over = new Error('This unit of work is over; await everything that it starts.');
  Object.assign(runner, { query: () => Promise.reject(over) });
}

/**
 * Throws if BEGIN failed. Without BEGIN, a statement would run as its own transaction and see no rows of any
 * tenant.
 */
async function requireBegun({ begun }: Connection): Promise<void> {
  const failure = await begun;
  if (failure !== undefined) throw failure;
}

/** Whether the server itself refused the statement and kept the connection open. */
function isRefusal(error: Error): boolean {
  return (error as { severity?: string }).severity === 'ERROR';
}

function asTenant(tenantId: string): string {
  // SET takes no parameters but costs a fraction of `select set_config`. A UUID needs no escaping.
  if (!UUID.test(tenantId)) throw new Error('A tenant id must be a UUID.');
  return `set local app.tenant_id = '${tenantId}'`;
}
