import { Transform, Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min } from 'class-validator';
import { Optional } from './optional.decorator';
import { ApiProperty } from './api-decorators';

/** An id is the same in capitals (RFC 9562), but SQLite compares text. */
export const InSmallLetters = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value));

/** Lists are read in pages, newest first; `cursor` is the `next_cursor` of the page before. */
export class PageQuery {
  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @InSmallLetters()
  @IsUUID()
  cursor?: string;

  @ApiProperty({ required: false, default: 50 })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

/** Makes a page of one row more than it shows: that one tells whether there is another page. */
export function pageOf<R extends { id: string }, T>(
  rows: readonly R[],
  limit: number,
  view: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  return { items: shown.map(view), next_cursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
