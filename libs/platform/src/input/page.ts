import { Transform } from 'class-transformer';
import { IsInt, IsUUID, Max, Min } from 'class-validator';
import { Optional } from './optional.decorator';

/** The largest value of an integer column. */
const MAX_POSITION = 2 ** 31 - 1;

/** Converts to lower case: ids are case-insensitive (RFC 9562), but SQLite compares them as text. */
export const LowerCase = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(lower) : lower(value)));

function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/** Makes a list of a query parameter that may be repeated, even if it is given once. */
export const Repeated = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    value === undefined || Array.isArray(value) ? value : [value],
  );

/** Parses an integer in a query. Other strings that `Number` accepts ('', '0x10', '1e2') are rejected. */
export const NumberInText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value,
  );

const TRUTHS = new Map([
  ['true', true],
  ['false', false],
]);

/** Parses `true` and `false` in a query. */
export const BooleanInText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => TRUTHS.get(String(value)) ?? value);

export class PageLimit {
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;
}

/** Lists are read in pages, newest first; `cursor` is the `next_cursor` of the previous page. */
export class PageQuery extends PageLimit {
  @Optional()
  @LowerCase()
  @IsUUID()
  cursor?: string;
}

/** Chains are read in pages, oldest first; `cursor` is the position after which a page starts. */
export class ChainQuery extends PageLimit {
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(0)
  @Max(MAX_POSITION)
  cursor: number = 0;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

/** Makes a page. `rows` has one row more than `limit` if there is another page. */
export function pageOf<R extends { id: string }, T>(
  rows: readonly R[],
  limit: number,
  view: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  return { items: shown.map(view), next_cursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
