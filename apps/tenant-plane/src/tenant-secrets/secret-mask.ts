/** Replaces secrets in text by as many asterisks as they have bytes, so that offsets stay the same. */
export class SecretMask {
  private readonly spellings: readonly RegExp[];

  constructor(secrets: Iterable<string>) {
    const all = [...secrets].flatMap(spellingsOf).filter((one) => one !== '');
    // A secret may contain another one.
    const longestFirst = [...new Set(all)].sort((a, b) => b.length - a.length);
    // The host of a URL is shown in lower case, and hexadecimal digits may have either case.
    this.spellings = longestFirst.map((one) => new RegExp(escaped(one), 'gi'));
  }

  over(text: string): string {
    return this.spellings.reduce(
      (masked, secret) => masked.replace(secret, (found) => '*'.repeat(Buffer.byteLength(found))),
      text,
    );
  }
}

/** As it is, in URLs and in JSON. Of a header also the token behind a scheme, and the values of cookies. */
function spellingsOf(secret: string): string[] {
  const token = /^\S+ +(\S+)$/.exec(secret)?.[1] ?? '';
  const values = [...secret.matchAll(/(?:^|[;,\s])[^=;,\s]+="?([^";,\s]{4,})/g)].map(
    ([, value = '']) => value,
  );
  return [secret, token, ...values].flatMap((one) => [one, ...inUrls(one), ...inJson(one)]);
}

/** Programs differ in which characters they encode. */
function inUrls(text: string): string[] {
  const strict = encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  return [encodeURIComponent(text), strict, strict.replaceAll('%2F', '/'), encodeURI(text), form];
}

/** Some programs also escape slashes, or all characters that are not ASCII. */
function inJson(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const ascii = plain.replace(
    /[\u0080-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [plain, ascii].flatMap((one) => [one, one.replaceAll('/', '\\/')]);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
