import {
  type EntityManager,
  type EntityTarget,
  type FindOptionsWhere,
  In,
  type ObjectLiteral,
} from 'typeorm';

const BATCH = 500;

/** Rows that are no longer needed. */
export interface OldRows<T extends ObjectLiteral = ObjectLiteral> {
  readonly entity: EntityTarget<T>;
  /** The column that identifies a row. */
  readonly key: keyof T & string;
  readonly where: FindOptionsWhere<T>;
}

/** Deletes a few rows per transaction, so that no other transaction has to wait long. */
export async function deleteOldRows<T extends ObjectLiteral>(
  write: (work: (manager: EntityManager) => Promise<number>) => Promise<number>,
  { entity, key, where }: OldRows<T>,
): Promise<void> {
  const deleteSome = async (manager: EntityManager): Promise<number> => {
    const some = await manager.find(entity, { where, take: BATCH });
    const keys = some.map((row) => row[key]);
    if (keys.length > 0) await manager.delete(entity, { ...where, [key]: In(keys) });
    return keys.length;
  };
  while ((await write(deleteSome)) === BATCH);
}
