import { isTooDeep, unstorableField } from '@atlas/platform';
import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { type PortableRow } from '../portability/row-codec';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** As exports write times. SQLite compares them as texts, so the year has four digits. */
const TIME = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MAX_INTEGER = 2_147_483_647;

const isText = (value: unknown): boolean => typeof value === 'string';

/** Whether a column of this type can have the value on each database, by the type in the entity. */
const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  uuid: (value) => typeof value === 'string' && UUID.test(value),
  varchar: isText,
  text: isText,
  integer: (value) => Number.isInteger(value) && Math.abs(Number(value)) <= MAX_INTEGER,
  bigint: (value) => Number.isSafeInteger(value),
  'double precision': (value) => Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  date: (value) => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value)),
  'simple-json': (value) => !isTooDeep(value),
};

/**
 * Whether these columns can store a row unchanged on each database. SQLite itself would store any value in
 * any column.
 */
export function isStorable(row: PortableRow, columns: readonly ColumnMetadata[]): boolean {
  return columns.every((column) => fits(row[column.databaseName], column)) && isWellFormed(row);
}

function fits(value: unknown, { type, isNullable }: ColumnMetadata): boolean {
  if (value === null) return isNullable;
  const check = FITS[type === Date ? 'date' : String(type)];
  if (!check) throw new Error(`storable-rows.ts does not know columns of the type ${String(type)}.`);
  return check(value);
}

function isWellFormed(row: PortableRow): boolean {
  return unstorableField(row, '') === null;
}
