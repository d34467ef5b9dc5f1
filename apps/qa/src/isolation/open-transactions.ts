import { createDataSource, databaseTarget } from '@atlas/persistence';
import { type TestDatabase, asAdmin, eventually, testServerUrl } from '@atlas/testing';

/**
 * How many connections to a database are still in a transaction once all work is done. Waits a moment for
 * transactions that are about to finish.
 */
export async function openTransactions(database: TestDatabase): Promise<number> {
  const count = database.driver === 'postgres' ? onPostgres(database) : onSqlite(database);
  let open = await count();
  await eventually(async () => (open = await count()) === 0, {
    what: 'all transactions have finished',
    timeoutMs: 3000,
  }).catch(() => undefined);
  return open;
}

function onPostgres({ url }: TestDatabase): () => Promise<number> {
  const name = new URL(url).pathname.slice(1);
  return () =>
    asAdmin(testServerUrl(), async (client) => {
      const { rows } = await client.query<{ count: string }>(
        `select count(*) from pg_stat_activity where datname = $1 and xact_start is not null`,
        [name],
      );
      return Number(rows[0]?.count);
    });
}

/** If a writer still has the file locked, a new write transaction cannot begin. */
function onSqlite({ url }: TestDatabase): () => Promise<number> {
  return async () => {
    const source = createDataSource(databaseTarget(url), { entities: [], migrations: [] });
    await source.initialize();
    try {
      await source.query('begin immediate');
      await source.query('rollback');
      return 0;
    } catch {
      return 1;
    } finally {
      await source.destroy();
    }
  };
}
