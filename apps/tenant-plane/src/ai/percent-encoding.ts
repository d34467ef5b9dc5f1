const ENCODED = /(?:%[0-9a-f]{2})+/gi;
/** Something that was encoded more often is not meant to be read. */
const MOST_TIMES = 3;

/**
 * Decodes what is percent-encoded (RFC 3986), such as `%40`. Whitespace becomes `+`, as in forms, so that
 * what was one word stays one.
 */
export function percentDecoded(text: string): string {
  let decoded = text;
  for (let times = 0; times < MOST_TIMES && decoded.includes('%'); times += 1)
    decoded = decoded.replace(ENCODED, (run) =>
      Buffer.from(run.replaceAll('%', ''), 'hex').toString().replace(/\s/g, '+'),
    );
  return decoded;
}
