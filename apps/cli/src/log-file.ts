import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const LOOK_MS = 300;
const NEWLINE = 0x0a;

/** The last lines of a log, and the log's length when they were read. */
export function lastLinesOf(file: string, lines: number): { readonly text: string; readonly end: number } {
  const bytes = read(file, 0);
  let from = bytes.length;
  // The last line may be incomplete, without a newline.
  for (let left = bytes.at(-1) === NEWLINE ? lines : lines - 1; from > 0; from--)
    if (bytes[from - 1] === NEWLINE && left-- <= 0) break;
  return { text: lines === 0 ? '' : printable(bytes.subarray(from)), end: bytes.length };
}

/**
 * Yields the text appended after the offset `from`, until `pause` rejects. A truncated file is read from its
 * beginning.
 */
export async function* appendedTo(
  file: string,
  from: number,
  pause: (ms: number) => Promise<void>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for (let at = from; ; await pause(LOOK_MS)) {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < at) at = 0;
    if (size <= at) continue;
    const bytes = read(file, at);
    at += bytes.length;
    yield printable(bytes, decoder);
  }
}

function read(file: string, from: number): Buffer {
  const log = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(log).size - from));
    return bytes.subarray(0, readSync(log, bytes, 0, bytes.length, from));
  } finally {
    closeSync(log);
  }
}

/** A plane's log may contain outside input, which must not control the terminal. */
function printable(bytes: Uint8Array, decoder = new TextDecoder()): string {
  return decoder.decode(bytes, { stream: true }).replace(/[^\P{Cc}\n\t]/gu, ' ');
}
