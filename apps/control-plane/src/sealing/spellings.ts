/**
 * The minimum length of a secret that is replaced on its own. Shorter secrets
 * occur in too many words, so they are replaced only as part of their URL.
 */
const LEAST = 6;

/**
 * The forms in which secrets may occur in text, longest first. For a URL this includes
 * its password, unless that equals the user name; file paths are not secrets.
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
