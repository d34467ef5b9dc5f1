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
  readonly afterCommit: (() => void)[];
  readonly tenantId?: string;
  isOver: boolean;
}

/**
 * The only way to a plane's rows, safe under concurrency on both databases. A unit of work inside another
 * joins it; never leave one un-awaited.
 */
export abstract class Database {
  abstract readonly driver: DatabaseDriver;
  abstract readonly dataSource: DataSource;
  protected readonly current = new AsyncLocalStorage<OpenTransaction>();
  private readonly logger = new Logger(Database.name);
  /** Whether the disk has refused a write and has not accepted a probe since. */
  private hasStorageFault = false;
  private probe: Promise<void> | undefined;

  /** Reads committed rows, and inside `write` that transaction's own. */
  read<T>(work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    return work(open ? open.manager : this.reader());
  }

  /** Runs all of `work` or nothing. */
  write<T>(work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    return open ? work(open.manager) : this.watched(this.begin(undefined, work));
  }

  /**
   * SQL for a time that many seconds from now, in the format in which times are stored, by the clock that all
   * processes of a database share. On Postgres that is the server's clock, since processes' clocks differ and
   * may be changed. A SQLite file has one process, so its clock counts.
   */
  abstract fromNow(seconds: number): string;

  /** Now, by that clock. */
  abstract now(): Promise<Date>;

  /** Matches a time that has passed by that clock. */
  isPast(): FindOperator<Date> {
    return Raw((column) => `${column} <= ${this.fromNow(0)}`);
  }

  /** Reads as one tenant: on Postgres in a transaction that sees only that tenant's rows. */
  abstract readAs<T>(tenantId: string, work: Work<T>): Promise<T>;

  /** Reads as one tenant from a single snapshot, on a dedicated connection for as long as it takes. */
  abstract snapshot<T>(tenantId: string, work: Work<T>): Promise<T>;

  /** Runs all of `work` as one tenant, or nothing. */
  writeAs<T>(tenantId: string, work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    if (!open) return this.watched(this.begin(tenantId, work));
    if (open.tenantId !== tenantId)
      throw new Error('A unit of work of one tenant cannot join one of another.');
    return work(open.manager);
  }

  /**
   * Runs `callback` once the current transaction has committed, or at once outside of one. Also runs it if
   * the outcome is unknown: callbacks are hints, and a cache that is cleared needlessly is filled again.
   */
  afterCommit(callback: () => void): void {
    const open = this.openTransaction();
    if (open) open.afterCommit.push(callback);
    else callback();
  }

  /**
   * One cheap statement that fails when the database is unreachable. After the disk has refused a write, it
   * fails until a probe has been stored: a reader does not notice a full disk.
   */
  async ping(): Promise<void> {
    await this.reader().query('select 1');
    if (this.hasStorageFault) await (this.probe ??= this.probeStorage());
  }

  /**
   * A process may open many databases one after the other, and Node keeps every used storage until it is
   * disabled.
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

  /** Runs `commit`, then the callbacks that wait for it. */
  protected async completed(open: OpenTransaction, commit: () => Promise<void>): Promise<void> {
    const run = (): void => open.afterCommit.forEach((callback) => this.tell(callback));
    await commit().catch((error: unknown) => {
      if (error instanceof CommitOutcomeUnknown) run();
      throw error;
    });
    run();
  }

  /** A failing callback must not fail what is already stored. */
  private tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.logger.error(error);
    }
  }

  /** Runs `work` inside `open`. Afterwards, whatever it started without awaiting can no longer join. */
  protected async inside<T>(open: OpenTransaction, work: Work<T>): Promise<T> {
    try {
      return await this.current.run(open, () => work(open.manager));
    } finally {
      open.isOver = true;
    }
  }
}

export function newTransaction(manager: EntityManager, tenantId: string | undefined): OpenTransaction {
  return { manager, tenantId, afterCommit: [], isOver: false };
}
