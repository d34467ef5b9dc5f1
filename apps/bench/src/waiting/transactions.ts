import { setTimeout as delay } from 'node:timers/promises';
import { type Client } from 'pg';

/**
 * The number of transactions that a database runs within `seconds`. A statement outside a transaction counts
 * as a transaction.
 */
export async function transactionsDuring(client: Client, database: string, seconds: number): Promise<number> {
  const before = await transactions(client, database);
  await delay(seconds * 1000);
  return (await transactions(client, database)) - before;
}

async function transactions(client: Client, database: string): Promise<number> {
  const sql = 'select (xact_commit + xact_rollback)::int as count from pg_stat_database where datname = $1';
  const { rows } = await client.query<{ count: number }>(sql, [database]);
  return rows[0]?.count ?? NaN;
}

/** Runs `work` with autovacuum turned off, because its transactions would also be counted. */
export async function withoutAutovacuum<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await setAutovacuum(client, 'off');
  try {
    return await work();
  } finally {
    await setAutovacuum(client, 'on');
  }
}

async function setAutovacuum(client: Client, value: 'on' | 'off'): Promise<void> {
  await client.query(`alter system set autovacuum = ${value}`);
  await client.query('select pg_reload_conf()');
}
