import { type EntityManager } from 'typeorm';

/** What is locked: a class that the plane keeps apart from its others, and an id in it. */
export interface LockName {
  readonly lockClass: number;
  readonly id: string;
}

/**
 * Locks until the transaction's end, held by many transactions at once or by one alone. Whoever asks first gets it first,
 * unlike a row's: Postgres lets those who share a row overtake the one who waits to change it, for as long as there are
 * any. A transaction that shares one must not ask for it alone: two that do wait for each other. On SQLite writers take
 * turns anyhow.
 */
export function shareLock(manager: EntityManager, name: LockName): Promise<void> {
  return shareLockOf(manager, { ...name, from: 'select $2 as id' });
}

/** As {@link shareLock}, of the id that `from` selects by `$2`, which is the one that is given. */
export async function shareLockOf(
  manager: EntityManager,
  { lockClass, from, id }: LockName & { readonly from: string },
): Promise<void> {
  if (manager.connection.options.type !== 'postgres') return;
  const sql = `select pg_advisory_xact_lock_shared($1, hashtext(named.id::text)) from (${from}) as named`;
  await manager.query(sql, [lockClass, id]);
}

/** Several in the same order whoever asks, so that no two wait for each other. */
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
