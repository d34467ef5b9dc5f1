import { DomainError } from '@atlas/platform';

const TAIL_BYTES = 65_536;

export interface Chunk {
  readonly output: string;
  /** By default, the chunk is appended. */
  readonly offset?: number;
  /** How many bytes before the chunk were dropped on purpose. */
  readonly skipped?: number;
}

/** How many bytes of output a step has after a chunk, and the part of the chunk that is new. */
export function added(
  received: number,
  { output, offset = received, skipped = 0 }: Chunk,
): { readonly bytes: number; readonly news: string } {
  const chunk = Buffer.from(output);
  const end = offset + chunk.length;
  if (end <= received) return { bytes: received, news: '' };
  if (offset > received + skipped) throw outputGap(received, offset);
  const known = Math.max(received - offset, 0);
  return { bytes: end, news: withoutCutCharacter(chunk.subarray(known)) };
}

/** The last 64 KiB of a text. */
export function tailOf(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= TAIL_BYTES ? text : withoutCutCharacter(bytes.subarray(-TAIL_BYTES));
}

/** The part of an output from `offset` on. It begins later if its beginning is no longer stored. */
export function textFrom(
  tail: string,
  bytes: number,
  offset: number,
): { readonly offset: number; readonly text: string } {
  const stored = Buffer.from(tail);
  const begin = Math.max(offset, bytes - stored.length);
  const rest = stored.subarray(begin - (bytes - stored.length));
  const text = withoutCutCharacter(rest);
  return { offset: begin + rest.length - Buffer.byteLength(text), text };
}

/** Leaves out the rest of a character whose beginning was cut off. */
function withoutCutCharacter(bytes: Buffer): string {
  const start = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80);
  return start === -1 ? '' : bytes.subarray(start).toString();
}

function outputGap(received: number, offset: number): DomainError {
  const detail =
    `The chunk starts at byte ${offset}, but only ${received} bytes were received. Send the output from ` +
    `byte ${received} on, or say with skipped how many bytes were dropped.`;
  return new DomainError('output_gap', 'conflict', detail, { output_bytes: received });
}
