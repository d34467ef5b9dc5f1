import { type Client, type QueryResult } from 'pg';
import { type DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { Database, newTransaction, type Work } from './database';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Round trips are what a request costs, so they are counted here: connections are pipelined, BEGIN and the tenant
 * setting leave in one message together with the first statement, statements started together travel together, and a
 * read does not wait for its COMMIT.
 */
export class PostgresDatabase extends Database {
  readonly driver = 'postgres';

  constructor(readonly dataSource: DataSource) {
    super();
  }

  readAs<T>(tenantId: string, work: Work<T>): Promise<T> {
    const open = this.openTransaction();
    if (open?.tenantId === tenantId) return work(open.manager);
    return this.transaction(`begin read only; ${asTenant(tenantId)}`, tenantId, work);
  }

  async close(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  protected reader(): EntityManager {
    return this.dataSource.manager;
  }

  protected begin<T>(tenantId: string | undefined, work: Work<T>): Promise<T> {
    return this.transaction(
      tenantId === undefined ? 'begin' : `begin; ${asTenant(tenantId)}`,
      tenantId,
      work,
    );
  }

  private async transaction<T>(begin: string, tenantId: string | undefined, work: Work<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as Client;
    // Not awaited: if it fails, so does every statement behind it.
    client.query(begin).catch(() => undefined);
    // TypeORM's save() would otherwise open a transaction of its own.
    Object.assign(runner, { isTransactionActive: true });
    const open = newTransaction(runner.manager, tenantId);
    try {
      const result = await this.inside(open, work);
      if (begin.startsWith('begin read only')) this.commitBehind(runner, client);
      else await this.commit(runner, client);
      for (const callback of open.afterCommit) callback();
      return result;
    } catch (error) {
      await this.abandon(runner, client);
      throw error;
    }
  }

  private async commit(runner: QueryRunner, client: Client): Promise<void> {
    const result: QueryResult = await client.query('commit');
    // The server answers ROLLBACK when a statement failed and its error was swallowed.
    if (result.command !== 'COMMIT')
      throw new Error('A statement of this transaction failed; nothing was written.');
    await this.release(runner);
  }

  private commitBehind(runner: QueryRunner, client: Client): void {
    client.query('commit').then(
      () => this.release(runner),
      () => this.release(runner),
    );
  }

  private async abandon(runner: QueryRunner, client: Client): Promise<void> {
    if (runner.isReleased) return;
    await client.query('rollback').catch(() => undefined);
    await this.release(runner);
  }

  private release(runner: QueryRunner): Promise<void> {
    Object.assign(runner, { isTransactionActive: false });
    return runner.release();
  }
}

function asTenant(tenantId: string): string {
  // Simple messages take no parameters; a UUID needs no escaping.
  if (!UUID.test(tenantId)) throw new Error('A tenant id is a UUID.');
  return `select set_config('app.tenant_id', '${tenantId}', true)`;
}
