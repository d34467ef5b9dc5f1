import { DomainError } from '@atlas/platform';

/** Both ends are included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The requested part of a file (RFC 9110, section 14). Null stands for the whole file, which a server may
 * also send if it does not understand the header, or if several ranges are requested. Throws
 * `range_not_satisfiable`.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return null;
  const range =
    first === ''
      ? { from: Math.max(0, size - Number(last)), to: size - 1 }
      : { from: Number(first), to: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null;
  if (range.from < size) return range;
  throw new DomainError(
    'range_not_satisfiable',
    'unsatisfiable',
    `The archive has ${size} bytes, so this range is empty. Download it from the start.`,
    {},
    { 'content-range': `bytes */${size}` },
  );
}
