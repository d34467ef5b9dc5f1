import { Column, type ColumnOptions, type ValueTransformer } from 'typeorm';

/** Postgres returns a bigint as text. */
const AS_NUMBER: ValueTransformer = {
  to: (value: number) => value,
  from: (value: number | string) => Number(value),
};

/** bigint on Postgres, integer on SQLite; a number in code on both. */
export const BigintColumn = (options: ColumnOptions = {}): PropertyDecorator =>
  Column({ ...options, type: 'bigint', transformer: AS_NUMBER });
