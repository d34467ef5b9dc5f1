import { type DataSource, type EntityManager } from 'typeorm';
import { Database, newTransaction, type Work } from '../database/database';
import { writeLogBack } from './sqlite-file';
import { SqliteWriter } from './sqlite-writer';

/**
 * TypeORM's SQLite driver has a single connection: a second, concurrent transaction would fail, and a plain
 * write would become part of another caller's transaction and be rolled back with it. So writers queue here
 * and run one at a time, and readers use a separate connection that sees only committed rows. Only one
 * process may use a file.
 */
export class SqliteDatabase extends Database {
  readonly driver = 'sqlite';
  private readonly writer: SqliteWriter;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    readonly dataSource: DataSource,
    private readonly readOnly: DataSource,
    private readonly openReadOnly: () => Promise<DataSource>,
  ) {
    super();
    this.writer = new SqliteWriter(dataSource);
  }

  fromNow(seconds: number): string {
    return `strftime('%Y-%m-%d %H:%M:%f', 'now', '${seconds} seconds')`;
  }

  now(): Promise<Date> {
    return Promise.resolve(new Date());
  }

  readAs<T>(_tenantId: string, work: Work<T>): Promise<T> {
    return this.read(work);
  }

  /**
   * Opens its own connection, because a transaction on the shared reader would freeze what all readers see.
   */
  async snapshot<T>(_tenantId: string, work: Work<T>): Promise<T> {
    const dataSource = await this.openReadOnly();
    try {
      await dataSource.query('begin');
      return await work(dataSource.manager);
    } finally {
      await dataSource.destroy();
    }
  }

  override waitingWrites(): Promise<unknown> {
    return this.tail;
  }

  protected async disconnect(): Promise<void> {
    await this.tail;
    for (const dataSource of [this.readOnly, this.dataSource])
      // The writer may have closed its connection already.
      if (dataSource.isInitialized) await dataSource.destroy().catch(() => undefined);
    // Nest closes the writer first. A reader that closes last leaves the write-ahead log behind, and a copy
    // of the database file alone would lack the log's content.
    await writeLogBack(String(this.dataSource.options.database)).catch(() => undefined);
  }

  protected reader(): EntityManager {
    return this.readOnly.manager;
  }

  protected begin<T>(tenantId: string | undefined, work: Work<T>): Promise<T> {
    const job = this.tail.then(() => this.transaction(tenantId, work));
    this.tail = job.catch(() => undefined);
    return job;
  }

  private transaction<T>(tenantId: string | undefined, work: Work<T>): Promise<T> {
    return this.writer.transaction(async (manager, commit) => {
      const open = newTransaction(manager, tenantId);
      const result = await this.inside(open, work);
      await this.completed(open, commit);
      return result;
    });
  }
}
