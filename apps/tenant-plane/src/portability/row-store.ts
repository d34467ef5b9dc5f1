import { type TenantOwned, type TenantScope } from '@atlas/persistence';
import { type EntityTarget, In, type ObjectLiteral } from 'typeorm';
import { type PlaneSchema } from '../database/plane-schema';
import { type PortableRow, type RowCodec } from './row-codec';

/**
 * Few enough that even large rows are processed well before Postgres terminates an idle transaction (30 s).
 */
const PAGE_ROWS = 200;
/** Keeps a statement below the parameter limits of Postgres and SQLite. */
const ROWS_A_STATEMENT = 500;

type Entity = EntityTarget<TenantOwned>;

/** All rows of one table, page by page, in key order. */
export async function* pagesOf(scope: TenantScope, codec: RowCodec): AsyncGenerator<PortableRow[]> {
  const entity = codec.metadata.target as Entity;
  let after: PortableRow | undefined;
  do {
    const query = scope.query(entity, 'row').take(PAGE_ROWS);
    const key = codec.onlyKey;
    query.orderBy(`row.${key.propertyName}`);
    if (after) query.andWhere(`row.${key.propertyName} > :after`, { after: after[key.databaseName] });
    const rows = (await query.getMany()).map((row) => codec.encode(row));
    if (rows.length > 0) yield rows;
    after = rows.length < PAGE_ROWS ? undefined : rows.at(-1);
  } while (after);
}

/** The existing rows with these keys. */
export async function rowsWith(
  scope: TenantScope,
  codec: RowCodec,
  keys: readonly (readonly string[])[],
): Promise<PortableRow[]> {
  const found: PortableRow[] = [];
  for (const some of chunks(keys, ROWS_A_STATEMENT)) {
    const where = some.map((key) => codec.whereKey(key) as ObjectLiteral);
    const rows = await scope.find(codec.metadata.target as Entity, { where });
    found.push(...rows.map((row) => codec.encode(row)));
  }
  return found;
}

export async function putRows(
  scope: TenantScope,
  codec: RowCodec,
  rows: readonly PortableRow[],
): Promise<void> {
  for (const some of chunks(rows, ROWS_A_STATEMENT))
    await scope.put(
      codec.metadata.target as Entity,
      some.map((row) => codec.decode(row, scope.tenantId)),
    );
}

export async function deleteRows(
  scope: TenantScope,
  codec: RowCodec,
  keys: readonly (readonly string[])[],
): Promise<void> {
  for (const some of chunks(keys.flat(), ROWS_A_STATEMENT))
    await scope.delete(codec.metadata.target as Entity, { [codec.onlyKey.propertyName]: In(some) });
}

/** Deletes all of the tenant's rows in these tables, starting with rows that refer to others. */
export async function deleteAll(scope: TenantScope, codecs: readonly RowCodec[]): Promise<number> {
  let count = 0;
  for (const codec of codecs.toReversed()) count += await scope.delete(codec.metadata.target as Entity, {});
  return count;
}

/** Deletes all rows that stay on this plane when the tenant moves. */
export async function deleteStaying(scope: TenantScope, { staying }: PlaneSchema): Promise<number> {
  let count = 0;
  for (const entity of staying) count += await scope.delete(entity, {});
  return count;
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
