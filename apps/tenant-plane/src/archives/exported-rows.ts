import { type EntityManager } from 'typeorm';
import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { type PlaneSchema } from '../database/plane-schema';
import { type PortableRow, RowCodec } from '../portability/row-codec';
import { EXPORTED_TABLES, type ExportedTable, type OnImport } from './exported-tables';
import { optional } from './value-checks';

/** A table of an archive, with the codec that encodes exactly its exported columns. */
export interface ExportedRows {
  readonly codec: RowCodec;
  readonly columns: readonly string[];
  readonly onImport: OnImport;
  /** Stores a row of an archive, with the values of withheld columns. */
  readonly whole: RowCodec;
  readonly filled: (row: PortableRow) => PortableRow;
  /** Whether an import may store these values. */
  readonly accepts: (row: PortableRow) => boolean;
}

/** Lines of NDJSON. */
export interface Lines {
  readonly rows: number;
  readonly bytes: Buffer;
}

/** The tables of an archive, in the order in which they are written and imported. */
export function exportedRows({ tenantScoped }: PlaneSchema, manager: EntityManager): ExportedRows[] {
  const metadata = new Map(
    tenantScoped.map((entity) => {
      const one = manager.connection.getMetadata(entity);
      return [one.tableName, one] as const;
    }),
  );
  return Object.entries(EXPORTED_TABLES).map(([table, { columns, onImport, filled = nothing, values }]) => {
    const known = metadata.get(table);
    if (!known) throw new Error(`exported-tables.ts lists ${table}, which is not a tenant-scoped table.`);
    const codec = new RowCodec(known, false, [], columns);
    const whole = new RowCodec(known, false);
    return { codec, columns: columns.toSorted(), onImport, whole, filled, accepts: acceptance(values) };
  });
}

/** The exported columns, in the order in which a line has them. */
export function columnsOf({ codec: { metadata, table }, columns }: ExportedRows): ColumnMetadata[] {
  return columns.map((name) => {
    const column = metadata.findColumnWithDatabaseName(name);
    if (!column) throw new Error(`exported-tables.ts lists ${table}.${name}, which is not a column.`);
    return column;
  });
}

/**
 * A row as a line of NDJSON. The line is the same on Postgres and SQLite, although Postgres does not keep the
 * order of keys in JSON values.
 */
export function lineOf(row: PortableRow): string {
  return `${JSON.stringify(withSortedKeys(row))}\n`;
}

/** Postgres does not keep the order of keys. Most values have them in order, and need no copy. */
export function withSortedKeys(value: unknown): unknown {
  return isSorted(value) ? value : sorted(value);
}

function isSorted(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  const keys = Array.isArray(value) ? [] : Object.keys(value);
  return keys.every((key, at) => (keys[at - 1] ?? '') <= key) && Object.values(value).every(isSorted);
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]));
}

/** Null and missing columns are a matter of the column's type. */
function acceptance(values: ExportedTable['values'] = {}): ExportedRows['accepts'] {
  const checks = Object.entries(values).map(([column, check]) => [column, optional(check)] as const);
  return (row) => checks.every(([column, check]) => check(row[column]));
}

function nothing(): PortableRow {
  return {};
}
