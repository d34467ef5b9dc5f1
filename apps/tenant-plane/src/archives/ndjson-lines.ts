import { archiveDamaged } from './archive-refusals';

/** The API accepts no row that is nearly as large. */
const MAX_LINE = 4_194_304;
const NEWLINE = '\n'.charCodeAt(0);

/** The lines of a file. The last line, too, must end with a newline. */
export async function* linesIn(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let length = 0;
  for await (const piece of content) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
      yield begun.length === 0
        ? piece.subarray(start, end)
        : Buffer.concat([...begun, piece.subarray(start, end)]);
      [begun, length, start] = [[], 0, end + 1];
    }
    if (start === piece.length) continue;
    begun.push(piece.subarray(start));
    length += piece.length - start;
    if (length > MAX_LINE) throw archiveDamaged('a row is too large.');
  }
  if (length > 0) throw archiveDamaged('a row is incomplete.');
}
