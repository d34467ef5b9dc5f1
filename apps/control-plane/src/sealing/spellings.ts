/**
 * What is shorter is part of too many words to be looked for by itself; in a URL it is found all the same.
 */
const LEAST = 6;

/**
 * How a secret may stand in a text, the longest first. Of a
 * URL its password is one, too; a file path is none.
 */
export function spellingsOf(secrets: Iterable<string>): readonly string[] {
  const words = [...secrets].flatMap((secret) => (isAddress(secret) ? partsOf(secret) : [secret]));
  const spelled = words.flatMap((word) => [
    word,
    encodeURIComponent(word),
    JSON.stringify(word).slice(1, -1),
  ]);
  return [...new Set(spelled)].filter((word) => word.length >= LEAST).sort((a, b) => b.length - a.length);
}

function isAddress(text: string): boolean {
  return text.includes('://') && URL.canParse(text);
}

function partsOf(address: string): string[] {
  const { username, password } = new URL(address);
  if (password === '') return [];
  const plain = decoded(password);
  return plain === decoded(username) ? [address] : [address, password, plain];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
