const LEAST = 20;

/**
 * The forms in which a secret could appear in text: verbatim, truncated at either end, or inside something
 * encoded as base64, hex or a URL. A short secret is searched for only as a whole.
 */
function spellingsOf(secret: string): string[] {
  const parts = secret.length < 2 * LEAST ? [secret] : [tail(secret), head(secret)];
  return [...new Set(parts.flatMap((part) => [part, ...encoded(part)]))];
}

/**
 * The start of the secret part. In a credential of the form `<prefix>_<id>_<secret><check>`, the id is
 * public.
 */
function head(secret: string): string {
  const hidden = secret.slice(/^at?[a-z]{1,2}_[^_]+_/.exec(secret)?.[0].length ?? 0);
  return hidden.slice(0, LEAST + 4);
}

function tail(secret: string): string {
  return secret.slice(-LEAST - 4);
}

function encoded(text: string): string[] {
  const bytes = Buffer.from(text);
  return [
    ...[0, 1, 2].flatMap((offset) => within(bytes, offset)),
    bytes.toString('hex'),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ];
}

/**
 * Base64 encodes three bytes as four characters, so the encoding depends on the offset. The characters at
 * either end also depend on neighbouring bytes.
 */
function within(bytes: Buffer, offset: 0 | 1 | 2 | number): string[] {
  const start = (3 - offset) % 3;
  const whole = bytes.subarray(start, start + 3 * Math.floor((bytes.length - start) / 3));
  return [whole.toString('base64'), whole.toString('base64url')];
}

/** Finds out which of the secrets occur in which of the given strings. */
export function findIn(
  texts: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): string[] {
  const spelled = Object.entries(secrets).map(([what, secret]) => [what, spellingsOf(secret)] as const);
  return Object.entries(texts).flatMap(([where, text]) =>
    spelled
      .filter(([, spellings]) => spellings.some((spelling) => text.includes(spelling)))
      .map(([what]) => `${what} in ${where}`),
  );
}
