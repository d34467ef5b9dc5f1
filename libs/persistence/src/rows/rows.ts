import {
  type EntityManager,
  type EntityTarget,
  type FindOptionsWhere,
  type ObjectLiteral,
  QueryFailedError,
  type SelectQueryBuilder,
} from 'typeorm';
import { UNPREPARED } from '../connection/preparing-client';
import { type RowValues, asTypeOrmWants } from './row-values';

/** Inserts one row without reading back generated values, so every value must be given. */
export async function insertRow<T extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  row: RowValues<NoInfer<T>>,
): Promise<void> {
  const values = asTypeOrmWants<T>(row);
  await manager.createQueryBuilder().insert().into(entity).values(values).updateEntity(false).execute();
}

/** Updates rows and returns how many were affected. */
export async function updateRows<T extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  where: FindOptionsWhere<NoInfer<T>>,
  values: RowValues<NoInfer<T>>,
): Promise<number> {
  const { affected } = await manager.update(entity, where, asTypeOrmWants<T>(values));
  return affected ?? 0;
}

/**
 * Sends the query unprepared, so that Postgres plans it for its values. Use it for pages of filtered lists: a
 * plan for any value does not know how rare this one is, and may read the whole table for a page (ADR 46).
 */
export function plannedForValues<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
): SelectQueryBuilder<T> {
  return query.comment(UNPREPARED);
}

/** Inserts one row, or updates the row with the same `key`. */
export async function upsertRow<T extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  row: RowValues<NoInfer<T>>,
  key: readonly (keyof NoInfer<T> & string)[],
): Promise<void> {
  await manager.upsert(entity, asTypeOrmWants<T>(row), [...key]);
}

/** Inserts one row unless its key already exists. Returns whether the row was inserted. */
export async function insertIfAbsent<T extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  row: RowValues<NoInfer<T>>,
): Promise<boolean> {
  const [sql, parameters] = manager
    .createQueryBuilder()
    .insert()
    .into(entity)
    .values(asTypeOrmWants<T>(row))
    .updateEntity(false)
    .getQueryAndParameters();
  // On SQLite, TypeORM runs any statement that starts with an upper-case INSERT without reading its result.
  const statement = `${sql.replace(/^INSERT/, 'insert')} on conflict do nothing returning 1 as inserted`;
  return (await manager.query<unknown[]>(statement, parameters)).length > 0;
}

/**
 * Runs an `update … returning` or a `delete … returning`, and returns its rows. On Postgres, TypeORM returns
 * their number as well.
 */
export async function updateReturning<T>(
  manager: EntityManager,
  sql: string,
  parameters: unknown[],
): Promise<T[]> {
  if (manager.connection.options.type !== 'postgres') return manager.query<T[]>(sql, parameters);
  const [rows] = await manager.query<[T[], number]>(sql, parameters);
  return rows;
}

/**
 * Locks the selected rows until the transaction ends. Waits for rows that other transactions have locked;
 * `skipLocked` leaves them out instead. SQLite serialises writers anyway.
 */
export function lockedForUpdate<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  { skipLocked = false } = {},
): SelectQueryBuilder<T> {
  if (query.connection.options.type !== 'postgres') return query;
  query.setLock('pessimistic_write');
  return skipLocked ? query.setOnLocked('skip_locked') : query;
}

/**
 * Like {@link lockedForUpdate}, but shared: the rows do not change until all transactions that share the lock
 * have ended.
 */
export function lockedForShare<T extends ObjectLiteral>(query: SelectQueryBuilder<T>): SelectQueryBuilder<T> {
  return query.connection.options.type === 'postgres' ? query.setLock('pessimistic_read') : query;
}

/**
 * A unique constraint, identified by its name on Postgres and by its columns on SQLite, which reports no
 * name.
 */
export interface UniqueRule {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
}

export function violates(error: unknown, rule: UniqueRule): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { constraint } = error.driverError as { constraint?: string };
  const columns = rule.columns.map((column) => `${rule.table}.${column}`).join(', ');
  return constraint === rule.name || error.message.endsWith(`UNIQUE constraint failed: ${columns}`);
}

/** Whether any unique constraint rejected a row. */
export function violatesUnique(error: unknown): boolean {
  return codeOf(error) === '23505' || /UNIQUE constraint failed/.test((error as Error).message);
}

/** Whether Postgres timed out while waiting for another transaction's lock. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03';
}

/** Whether Postgres aborted this transaction to resolve a deadlock. */
export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === '40P01';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
}

/**
 * Awaits statements that were started together in one transaction, and throws the original error. After the
 * first failure, Postgres refuses all other statements, and their refusals must not hide it.
 */
export async function together<T extends readonly unknown[]>(statements: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const outcomes = await Promise.allSettled(statements);
  const refused = outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map((outcome) => outcome.reason as unknown);
  if (refused.length === 0)
    return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as unknown as T;
  throw refused.find((reason) => !isConsequence(reason)) ?? refused[0];
}

function isConsequence(error: unknown): boolean {
  return codeOf(error) === '25P02';
}
