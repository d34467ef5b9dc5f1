/** Replaces secrets in text by as many asterisks as they have bytes, so that offsets stay the same. */
export class SecretMask {
  private readonly spellings: readonly string[];

  constructor(secrets: Iterable<string>) {
    const all = [...secrets].flatMap(spellingsOf).filter((one) => one !== '');
    // A secret may contain another one.
    this.spellings = [...new Set(all)].sort((a, b) => b.length - a.length);
  }

  over(text: string): string {
    return this.spellings.reduce(
      (masked, secret) => masked.replaceAll(secret, () => '*'.repeat(Buffer.byteLength(secret))),
      text,
    );
  }
}

/** As it is, in a URL, in JSON, and without a scheme such as `Bearer`. */
function spellingsOf(secret: string): string[] {
  const word = /^\S+ +(\S+)$/.exec(secret)?.[1];
  return [secret, ...(word === undefined ? [] : [word])].flatMap((one) => [
    one,
    encodeURIComponent(one),
    JSON.stringify(one).slice(1, -1),
  ]);
}
