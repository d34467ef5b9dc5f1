import { type EntityManager } from 'typeorm';

/** The name of a lock: a class, and an id within that class. */
export interface LockName {
  readonly lockClass: number;
  readonly id: string;
}

/**
 * Takes a lock in shared mode until the transaction ends. These locks are granted in order of arrival. With
 * row locks, a steady stream of shared locks could keep a writer waiting forever. A transaction that shares a
 * lock must not take it exclusively afterwards, because two transactions that did so would deadlock. SQLite
 * serialises writers anyway.
 */
export function shareLock(manager: EntityManager, name: LockName): Promise<void> {
  return shareLockOf(manager, { ...name, from: 'select $2 as id' });
}

/**
 * Like {@link shareLock}, but for the id that the query `from` returns. `id` is the query's parameter `$2`.
 */
export async function shareLockOf(
  manager: EntityManager,
  { lockClass, from, id }: LockName & { readonly from: string },
): Promise<void> {
  if (manager.connection.options.type !== 'postgres') return;
  const sql = `select pg_advisory_xact_lock_shared($1, hashtext(named.id::text)) from (${from}) as named`;
  await manager.query(sql, [lockClass, id]);
}

/** Takes locks exclusively, always in the same order, so that no two transactions deadlock. */
export async function takeLocks(
  manager: EntityManager,
  { lockClass, ids }: Pick<LockName, 'lockClass'> & { readonly ids: readonly string[] },
): Promise<void> {
  if (manager.connection.options.type !== 'postgres') return;
  await manager.query(
    `select pg_advisory_xact_lock($1, key)
      from (select distinct hashtext(id) as key from unnest($2::text[]) as id order by key) as keys`,
    [lockClass, [...ids]],
  );
}
