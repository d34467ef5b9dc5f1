import { AsyncLocalStorage } from 'node:async_hooks';
import { CommitOutcomeUnknown, isStorageFault } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { type DataSource, type EntityManager, type FindOperator, Raw } from 'typeorm';
import { type DatabaseDriver } from '../connection/database-target';
import { probeWrite } from './write-probe';

export type Work<T> = (manager: EntityManager) => Promise<T>;

/** The transaction that the current call runs in. */
export interface OpenTransaction {
  readonly manager: EntityManager;
  readonly beforeCommit: (() => Promise<void>)[];
  readonly afterCommit: (() => void)[];
  readonly tenantId?: string;
  isOver: boolean;
}

/**
 * The only way to access a plane's rows. Safe for concurrent use on Postgres and SQLite. A nested unit of
 * work joins the transaction of the outer unit of work. Every unit of work must be awaited.
 */
export abstract class Database {
  abstract readonly driver: DatabaseDriver;
  abstract readonly dataSource: DataSource;
  protected readonly current = new AsyncLocalStorage<OpenTransaction>();
  private readonly logger = new Logger(Database.name);
  /** Whether the disk has refused a write and has not accepted a probe row since then. */
  private hasStorageFault = false;
  private probe: Promise<void> | undefined;

  /** Reads committed rows. Inside `write`, also reads that transaction's own changes. */
  read<T>(work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    return work(open ? open.manager : this.reader());
  }

  /** Runs `work` in a transaction, which takes effect completely or not at all. */
  write<T>(work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    return open ? work(open.manager) : this.watched(this.begin(undefined, work));
  }

  /**
   * SQL for the time that is `seconds` from now, in the format of stored times. Uses the clock that all
   * processes of a database share. On Postgres that is the server's clock, because the clocks of processes
   * differ and may be changed. On SQLite it is the clock of the only process.
   */
  abstract fromNow(seconds: number): string;

  /** The current time on the clock that {@link fromNow} uses. */
  abstract now(): Promise<Date>;

  /** A condition that matches times in the past, by the clock that {@link fromNow} uses. */
  isPast(): FindOperator<Date> {
    return Raw((column) => `${column} <= ${this.fromNow(0)}`);
  }

  /** Reads as one tenant. On Postgres, the transaction sees only that tenant's rows. */
  abstract readAs<T>(tenantId: string, work: Work<T>): Promise<T>;

  /**
   * Reads as one tenant from a single snapshot. May take a long time, because it uses a connection of its
   * own.
   */
  abstract snapshot<T>(tenantId: string, work: Work<T>): Promise<T>;

  /**
   * Resolves once the writes that wait for their turn are over. Long work that keeps the process busy lets
   * them go first. On Postgres, writes do not take turns, so none waits.
   */
  waitingWrites(): Promise<unknown> {
    return Promise.resolve();
  }

  /** Like {@link write}, but as one tenant. */
  writeAs<T>(tenantId: string, work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    if (!open) return this.watched(this.begin(tenantId, work));
    if (open.tenantId !== tenantId)
      throw new Error('A unit of work for one tenant cannot join a unit of work for another tenant.');
    return work(open.manager);
  }

  /**
   * Runs `work` last in the current transaction, because it locks what other transactions need. If it fails,
   * nothing is committed.
   */
  beforeCommit(work: () => Promise<void>): void {
    const open = this.openTransaction();
    if (!open) throw new Error('Only a transaction has a commit.');
    open.beforeCommit.push(work);
  }

  /**
   * Runs `callback` once the current transaction has committed, or at once if there is none. Also runs it if
   * the outcome is unknown, because callbacks are only hints: clearing a cache does no harm if nothing has
   * changed.
   */
  afterCommit(callback: () => void): void {
    const open = this.openTransaction();
    if (open) open.afterCommit.push(callback);
    else callback();
  }

  /**
   * Runs one cheap statement and throws if the database is unreachable. If the disk has refused a write, also
   * writes a probe row, because reads succeed even if the disk is full.
   */
  async ping(): Promise<void> {
    await this.reader().query('select 1');
    if (this.hasStorageFault) await (this.probe ??= this.probeStorage());
  }

  /**
   * Also disables the AsyncLocalStorage. Otherwise, Node would keep it forever, and a process may open many
   * databases in turn.
   */
  async close(): Promise<void> {
    await this.disconnect();
    this.current.disable();
  }

  private async watched<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.hasStorageFault ||= isStorageFault(error);
      throw error;
    }
  }

  private async probeStorage(): Promise<void> {
    try {
      await this.write(probeWrite);
      this.hasStorageFault = false;
    } finally {
      this.probe = undefined;
    }
  }

  protected abstract disconnect(): Promise<void>;

  protected abstract reader(): EntityManager;
  protected abstract begin<T>(tenantId: string | undefined, work: Work<T>): Promise<T>;

  protected openTransaction(): OpenTransaction | undefined {
    const open = this.current.getStore();
    return open && !open.isOver ? open : undefined;
  }

  /** Runs `commit`, then the `afterCommit` callbacks. */
  protected async completed(open: OpenTransaction, commit: () => Promise<void>): Promise<void> {
    const run = (): void => open.afterCommit.forEach((callback) => this.tell(callback));
    await commit().catch((error: unknown) => {
      if (error instanceof CommitOutcomeUnknown) run();
      throw error;
    });
    run();
  }

  /** Only logs errors, because a failing callback must not fail a transaction that has already committed. */
  private tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.logger.error(error);
    }
  }

  /**
   * Runs `work` in the transaction `open`. Afterwards, work that was started but not awaited can no longer
   * join it.
   */
  protected async inside<T>(open: OpenTransaction, work: Work<T>): Promise<T> {
    try {
      return await this.current.run(open, async () => {
        const result = await work(open.manager);
        for (const last of open.beforeCommit) await last();
        return result;
      });
    } finally {
      open.isOver = true;
    }
  }
}

export function newTransaction(manager: EntityManager, tenantId: string | undefined): OpenTransaction {
  return { manager, tenantId, beforeCommit: [], afterCommit: [], isOver: false };
}
