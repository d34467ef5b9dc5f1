import { type ObjectLiteral } from 'typeorm';
import { type QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity';

/** Values of a row's columns, or functions that return SQL for them. */
export type RowValues<T> = { readonly [Column in keyof T]?: T[Column] | (() => string) };

/** TypeORM's own type mistakes a JSON column for a relation, and rejects records and unknown values in it. */
export function asTypeOrmWants<T extends ObjectLiteral>(values: RowValues<T>): QueryDeepPartialEntity<T> {
  return values as QueryDeepPartialEntity<T>;
}
