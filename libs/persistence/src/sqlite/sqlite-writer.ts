import { CommitOutcomeUnknown } from '@atlas/platform';
import { OPEN_FULLMUTEX, OPEN_READWRITE } from 'sqlite3';
import { type DataSource, type EntityManager, QueryFailedError, type QueryRunner } from 'typeorm';

/**
 * Errors that undo one statement and leave its transaction open. After any other error (no space, a failing
 * disk, no memory), SQLite may have rolled back the whole transaction
 * (https://www.sqlite.org/lang_transaction.html, section 3).
 */
const LEAVES_TRANSACTION_OPEN = ['CONSTRAINT', 'ERROR', 'MISMATCH', 'RANGE', 'TOOBIG'];

/**
 * A COMMIT that fails with one of these errors has stored nothing. After any other error the outcome is
 * unknown, because the last sync may have failed.
 */
const STORED_NOTHING = [...LEAVES_TRANSACTION_OPEN, 'BUSY', 'FULL'];

/** Internals of TypeORM's driver: the connection, and the one query runner that all callers share. */
interface SqliteDriver {
  databaseConnection: { serialize(): void };
  queryRunner: QueryRunner | undefined;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/**
 * The connection that writes to a SQLite file, one transaction at a time. If SQLite has rolled back a
 * transaction on its own, later statements on the connection would be committed one by one, or never. So
 * after such an error, the transaction refuses further statements and its connection is closed. The next
 * transaction opens a new connection.
 */
export class SqliteWriter {
  private readonly driver: SqliteDriver;
  private isOpen = true;

  constructor(private readonly dataSource: DataSource) {
    this.driver = dataSource.driver as unknown as SqliteDriver;
    this.runInOrder();
  }

  /**
   * Runs `work` in a transaction, which takes effect completely or not at all. `work` calls `commit` last,
   * which throws {@link CommitOutcomeUnknown} if the outcome is unknown.
   */
  async transaction<T>(
    work: (manager: EntityManager, commit: () => Promise<void>) => Promise<T>,
  ): Promise<T> {
    if (!this.isOpen) await this.open();
    const statements = new Statements(this.newRunner());
    try {
      await statements.run('begin immediate');
      return await work(statements.runner.manager, () => this.commit(statements));
    } catch (error) {
      await this.rollBack(statements);
      throw error;
    }
  }

  private async commit(statements: Statements): Promise<void> {
    await statements.requireSound();
    try {
      await statements.finish('commit');
      statements.isCommitted = true;
    } catch (error) {
      statements.doubt();
      throw STORED_NOTHING.includes(codeOf(error)) ? error : new CommitOutcomeUnknown(error);
    }
  }

  private async rollBack(statements: Statements): Promise<void> {
    if (statements.isCommitted) return;
    if (statements.isSound) await statements.finish('rollback').catch(() => statements.doubt());
    if (!statements.isSound) await this.close();
  }

  /** Closes the connection, so that SQLite rolls back any open transaction. */
  private async close(): Promise<void> {
    this.isOpen = false;
    // If closing fails, the old connection keeps its locks, so a new connection cannot begin a transaction
    // and write alongside the old one.
    await this.driver.disconnect().catch(() => undefined);
  }

  /** Never creates the file, because an empty file must not replace a file that was removed while in use. */
  private async open(): Promise<void> {
    Object.assign(this.dataSource.options, { flags: OPEN_READWRITE | OPEN_FULLMUTEX });
    await this.driver.connect();
    this.runInOrder();
    this.isOpen = true;
  }

  /** By default, the driver runs statements that are started together in arbitrary order. */
  private runInOrder(): void {
    this.driver.databaseConnection.serialize();
  }

  /**
   * Each transaction has its own runner, so that a late statement fails instead of running in the next
   * transaction.
   */
  private newRunner(): QueryRunner {
    this.driver.queryRunner = undefined;
    const runner = this.dataSource.createQueryRunner();
    this.driver.queryRunner = undefined;
    // TypeORM's save() would otherwise open its own transaction.
    return Object.assign(runner, { isTransactionActive: true });
  }
}

/**
 * The statements of one transaction. They run one after the other, and none runs after an error that may have
 * rolled the transaction back.
 */
class Statements {
  isSound = true;
  isCommitted = false;
  readonly run: QueryRunner['query'];
  private readonly query: (...call: unknown[]) => Promise<unknown>;
  private failure: Error | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(readonly runner: QueryRunner) {
    this.query = runner.query.bind(runner) as (...call: unknown[]) => Promise<unknown>;
    const run = (...call: unknown[]): Promise<unknown> => {
      const turn = this.last.then(() => {
        if (this.failure) throw this.failure;
        return this.query(...call);
      });
      this.last = turn.catch((error: unknown) => {
        if (!LEAVES_TRANSACTION_OPEN.includes(codeOf(error))) this.fail(error as Error);
      });
      return turn;
    };
    this.run = run as QueryRunner['query'];
    Object.assign(runner, { query: run });
  }

  /** If an error may have rolled back the transaction, throws that error. */
  async requireSound(): Promise<void> {
    await this.last;
    if (this.failure) throw this.failure;
  }

  /** Marks the connection's state as unknown. */
  doubt(): void {
    this.isSound = false;
  }

  /** Runs the last statement and refuses later statements, because each would run as its own transaction. */
  finish(sql: 'commit' | 'rollback'): Promise<unknown> {
    const turn = this.last.then(() => this.query(sql));
    this.last = turn.catch(() => undefined);
    this.failure ??= new Error('This unit of work is over; await everything that it starts.');
    return turn;
  }

  private fail(error: Error): void {
    this.doubt();
    this.failure ??= error;
  }
}

/** The code without `SQLITE_`; empty if the error is not from SQLite. */
function codeOf(error: unknown): string {
  const { code } = error instanceof QueryFailedError ? (error.driverError as { code?: string }) : {};
  return code?.replace(/^SQLITE_/, '') ?? '';
}
