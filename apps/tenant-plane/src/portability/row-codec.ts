import { createHash } from 'node:crypto';
import { type TenantOwned } from '@atlas/persistence';
import { type EntityManager, type EntityMetadata } from 'typeorm';
import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { type PlaneSchema } from '../database/plane-schema';

/**
 * A row as JSON, by column and without the tenant. The JSON is the same on Postgres and SQLite. Times are in
 * RFC 3339 format.
 */
export type PortableRow = Readonly<Record<string, unknown>>;

/** A column whose stored values only this plane can read, and how they travel to another plane. */
export interface LocalColumn {
  readonly entity: new () => TenantOwned;
  readonly name: string;
  toPortable(row: TenantOwned): unknown;
  toStored(value: unknown, row: PortableRow, tenantId: string): unknown;
}

/** Encodes and decodes the rows of one table. */
export class RowCodec {
  readonly table: string;
  /** The primary key without the tenant. */
  readonly keys: readonly ColumnMetadata[];
  readonly columns: readonly ColumnMetadata[];

  constructor(
    readonly metadata: EntityMetadata,
    /** Whether a row can be deleted, to free a unique value for another row, and then inserted again. */
    readonly canStepAside: boolean,
    /** Columns whose values are converted. All other columns are copied as they are. */
    private readonly local: readonly LocalColumn[] = [],
    /** The columns to encode and decode. By default, all. */
    only?: readonly string[],
  ) {
    this.table = metadata.tableName;
    this.columns = metadata.columns
      .filter(({ databaseName }) => databaseName !== 'tenant_id' && (only?.includes(databaseName) ?? true))
      .sort((a, b) => (a.databaseName < b.databaseName ? -1 : 1));
    this.keys = metadata.primaryColumns.filter(({ databaseName }) => databaseName !== 'tenant_id');
  }

  get onlyKey(): ColumnMetadata {
    const [key] = this.keys;
    if (!key || this.keys.length !== 1)
      throw new Error(`${this.table} must have exactly one key column besides tenant_id.`);
    return key;
  }

  encode(row: TenantOwned): PortableRow {
    return Object.fromEntries(
      this.columns.map(({ databaseName, propertyName }) => {
        const local = this.localOf(databaseName);
        return [databaseName, portable(local ? local.toPortable(row) : row[propertyName])];
      }),
    );
  }

  /** Columns that an older plane did not send are left to the database's defaults. */
  decode(row: PortableRow, tenantId: string): Record<string, unknown> {
    const known = this.columns.filter(({ databaseName }) => row[databaseName] !== undefined);
    return Object.fromEntries(
      known.map(({ databaseName, propertyName, type }) => {
        const local = this.localOf(databaseName);
        const value = local ? local.toStored(row[databaseName], row, tenantId) : row[databaseName];
        return [propertyName, type === Date && typeof value === 'string' ? new Date(value) : value];
      }),
    );
  }

  /** Columns of a newer plane, whose values would be lost here. */
  unknownIn(row: PortableRow): string[] {
    const known = new Set(this.columns.map(({ databaseName }) => databaseName));
    return Object.keys(row)
      .filter((column) => !known.has(column))
      .map((column) => `${this.table}.${column}`);
  }

  keyOf(row: PortableRow): string[] {
    return this.keys.map(({ databaseName }) => String(row[databaseName]));
  }

  /** A condition that finds the row with this key. */
  whereKey(key: readonly string[]): Record<string, string> {
    return Object.fromEntries(this.keys.map(({ propertyName }, index) => [propertyName, key[index] ?? '']));
  }

  private localOf(column: string): LocalColumn | undefined {
    return this.local.find(({ name }) => name === column);
  }

  /**
   * A hash that is the same for the same row on any database, regardless of the order of keys in its JSON
   * values. `sent` is the row as received. Only the columns in `sent` are hashed, because an older plane has
   * fewer columns.
   */
  hashOf(row: PortableRow, sent = row): bigint {
    const columns = this.columns.filter(({ databaseName }) => databaseName in sent);
    const text = JSON.stringify([this.table, columns.map(({ databaseName }) => sorted(row[databaseName]))]);
    return BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 32)}`);
  }
}

/**
 * The codecs of all tenant-scoped tables. Each table comes after the tables that its rows refer to. Without
 * `local`, rows are encoded as they are stored, so only this plane can read what is sealed in them.
 */
export function rowCodecs(
  { tenantScoped, referred }: PlaneSchema,
  manager: EntityManager,
  local: readonly LocalColumn[] = [],
): RowCodec[] {
  return tenantScoped.map((entity) => {
    const own = local.filter((column) => column.entity === entity);
    return new RowCodec(manager.connection.getMetadata(entity), !referred.includes(entity), own);
  });
}

function portable(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return value === undefined ? null : value;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value ?? null;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, entry]) => [key, sorted(entry)]);
}
