import { Column, type ColumnOptions } from 'typeorm';
import { type DatabaseDriver } from '../connection/database-target';

/** timestamptz on Postgres, UTC text on SQLite; a `Date` in code on both. */
export const TimestampColumn = (options: ColumnOptions = {}): PropertyDecorator =>
  Column({ ...options, type: Date });

/** jsonb on Postgres, text on SQLite; a plain value in code on both. */
export const JsonColumn = (options: ColumnOptions = {}): PropertyDecorator =>
  Column({ ...options, type: 'simple-json' });

/** The column types that migrations use, by database. */
export interface ColumnTypes {
  readonly uuid: string;
  readonly timestamp: string;
  readonly json: string;
  readonly bigint: string;
  readonly boolean: string;
  readonly bytes: string;
}

const TYPES: Readonly<Record<DatabaseDriver, ColumnTypes>> = {
  postgres: {
    uuid: 'uuid',
    timestamp: 'timestamptz',
    json: 'jsonb',
    bigint: 'bigint',
    boolean: 'boolean',
    bytes: 'bytea',
  },
  sqlite: {
    uuid: 'varchar',
    timestamp: 'datetime',
    json: 'text',
    bigint: 'integer',
    boolean: 'boolean',
    bytes: 'blob',
  },
};

export function columnTypes(driver: DatabaseDriver): ColumnTypes {
  return TYPES[driver];
}
