import { CommitOutcomeUnknown, type RequestContext, currentContext } from '@atlas/platform';
import { type Client, type QueryResult } from 'pg';
import { type DataSource, type EntityManager, QueryFailedError, type QueryRunner } from 'typeorm';
import { requireConnection, tellBreaks } from '../connection/broken-connections';
import { Database, newTransaction, type Work } from '../database/database';
import { isDeadlock } from '../rows/rows';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** For a transaction that Postgres aborted to resolve a deadlock. */
const MAX_ATTEMPTS = 3;

interface Connection {
  readonly runner: QueryRunner;
  readonly client: Client;
  /** The failure of BEGIN; undefined if it succeeded. */
  readonly begun: Promise<QueryFailedError | undefined>;
}

/** A tenant's read that is complete but whose transaction is still open. */
interface OpenRead extends Connection {
  readonly tenantId: string;
  readonly end: NodeJS.Immediate;
}

/**
 * A request's cost is its round trips, so they are saved here: connections are pipelined, BEGIN and the
 * tenant setting travel in one message with the first statement, statements started together travel together,
 * and a read does not wait for its COMMIT. When one tenant's read immediately follows another in the same
 * request (who is asking, then what they asked for), it continues in the same transaction.
 */
export class PostgresDatabase extends Database {
  readonly driver = 'postgres';
  /** By request. Each lasts for the rest of one turn of the event loop. */
  private readonly openReads = new WeakMap<RequestContext, OpenRead>();

  constructor(readonly dataSource: DataSource) {
    super();
    tellBreaks(dataSource);
  }

  /**
   * The statement's time, since its transaction may have waited for locks before. `clock_timestamp()` cannot
   * use an index.
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

  /**
   * Postgres aborts one of two transactions in a deadlock; that one starts again once the other has its
   * locks.
   */
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
    const client = (await runner.connect()) as Client;
    // Awaited only at the commit, since waiting now would cost a round trip.
    const begun = client.query(begin).then(
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
        // A connection that does not roll back is not reused.
        await client.query('rollback').catch(() => client.end().catch(() => undefined));
        await this.release(runner);
      }
      throw error;
    }
  }

  /**
   * Throws {@link CommitOutcomeUnknown} when the connection breaks between COMMIT and the server's answer. If
   * it broke before, nothing is stored.
   */
  private async commit(connection: Connection): Promise<void> {
    await requireBegun(connection);
    const { runner, client } = connection;
    takeNoMore(runner);
    // Nothing may be awaited between this and COMMIT.
    requireConnection(runner, 'commit');
    const result = await client.query('commit').catch((error: Error): QueryResult => {
      throw isRefusal(error) ? error : new CommitOutcomeUnknown(error);
    });
    // The server answers ROLLBACK when a statement failed and its error was swallowed.
    if (result.command !== 'COMMIT')
      throw new Error('A statement of this transaction failed; nothing was written.');
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

/** After COMMIT or ROLLBACK a statement would be its own transaction. */
function takeNoMore(runner: QueryRunner): void {
  const over = new Error('This unit of work is over; await everything that it starts.');
  Object.assign(runner, { query: () => Promise.reject(over) });
}

/** Without its BEGIN a statement would be its own transaction, and see no tenant's rows. */
async function requireBegun({ begun }: Connection): Promise<void> {
  const failure = await begun;
  if (failure !== undefined) throw failure;
}

/** The server itself reports that the statement failed, and keeps serving the connection. */
function isRefusal(error: Error): boolean {
  return (error as { severity?: string }).severity === 'ERROR';
}

function asTenant(tenantId: string): string {
  // A utility statement takes no parameters and costs a fraction of `select set_config`; a UUID needs no
  // escaping.
  if (!UUID.test(tenantId)) throw new Error('A tenant id must be a UUID.');
  return `set local app.tenant_id = '${tenantId}'`;
}
