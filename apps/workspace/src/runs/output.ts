/** The end of a step's output, as far as it is known. */
export interface Output {
  /** What came before a part that is missing. */
  readonly before: string;
  readonly text: string;
  /** How many bytes of the output come before `text`, in UTF-8. */
  readonly start: number;
  /** How many bytes there are up to the end of `text`. */
  readonly end: number;
}

export const NO_OUTPUT: Output = { before: '', text: '', start: 0, end: 0 };

const MOST_BYTES = 65_536;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the API says about the end of the output. */
export function outputOf(tail: string | null, bytes: number): Output {
  const text = tail ?? '';
  const length = encoder.encode(text).length;
  return { before: '', text, start: Math.max(0, bytes - length), end: Math.max(bytes, length) };
}

/** Puts a part in its place. A step that is retried begins again at 0. */
export function placed(held: Output, offset: number, part: string): Output {
  const length = encoder.encode(part).length;
  if (offset === held.end) return cut({ ...held, text: held.text + part, end: offset + length });
  if (offset > held.end) {
    const gap = offset - held.end;
    const before = held.end === 0 ? '' : `${shownText(held)}\n… ${gap} bytes were dropped …\n`;
    return cut({ before, text: part, start: offset, end: offset + length });
  }
  if (offset <= held.start) return cut({ before: '', text: part, start: offset, end: offset + length });
  const kept = decoder.decode(encoder.encode(held.text).subarray(0, offset - held.start));
  return cut({ ...held, text: kept + part, end: offset + length });
}

/** Keeps the last 64 KiB. */
function cut(output: Output): Output {
  const before = output.before.slice(-MOST_BYTES);
  const bytes = encoder.encode(output.text);
  if (bytes.length <= MOST_BYTES) return { ...output, before };
  let from = bytes.length - MOST_BYTES;
  // A character must stay whole: its further bytes begin with the bits 10.
  while (((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return { ...output, before: '', text: decoder.decode(bytes.subarray(from)), start: output.start + from };
}

export function shownText({ before, text, start }: Output): string {
  if (before !== '') return before + text;
  return start > 0 ? `… the first ${start} bytes are not shown …\n${text}` : text;
}
