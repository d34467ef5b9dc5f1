/** A single letter occurs everywhere. */
const SHORTEST = 2;
/** Only Latin letters, because some scripts have no spaces, and others add endings to names. */
const NOT_BESIDE = /[\p{Script=Latin}\p{N}]/u;
const CHARACTERS = /[\s+]+|[^]/gu;

/**
 * Finds the longest of many words in a text, in any case. The words are looked up by their beginning and
 * their length, so that a hundred thousand of them take hardly more time than a few.
 */
export class KnownWords {
  private readonly words: ReadonlySet<string>;
  private readonly lengths = new Map<string, number[]>();

  /** @param after A sticky expression for what belongs to a word that it follows. */
  constructor(
    words: Iterable<string>,
    private readonly after: RegExp | null = null,
  ) {
    const folded = Array.from(new Set(words), (word) => new Folded(word).text.trim());
    this.words = new Set(folded.filter((word) => word.length >= SHORTEST));
    const known = new Set<string>();
    for (const word of this.words) known.add(`${beginningOf(word, 0)}${word.length}`);
    for (const one of known) {
      const [beginning, length] = [beginningOf(one, 0), Number(one.slice(SHORTEST))];
      this.lengths.set(beginning, [...(this.lengths.get(beginning) ?? []), length]);
    }
    for (const lengths of this.lengths.values()) lengths.sort((a, b) => b - a);
  }

  replacedIn(text: string, instead: (found: string) => string): string {
    if (this.words.size === 0) return text;
    const folded = new Folded(text);
    let result = '';
    let done = 0;
    for (let at = 0; at < folded.text.length; at += 1) {
      const start = folded.starts[at];
      if (start === undefined || start < done || folded.besides.has(at - 1)) continue;
      const end = this.endOf(folded, at);
      if (end === null) continue;
      result += text.slice(done, start) + instead(text.slice(start, this.endAfter(text, end)));
      done = this.endAfter(text, end);
    }
    return result + text.slice(done);
  }

  /** Where the longest word that begins at `at` ends in the text. Null if there is none. */
  private endOf({ text, starts, besides }: Folded, at: number): number | null {
    for (const length of this.lengths.get(beginningOf(text, at)) ?? []) {
      const end = starts[at + length];
      if (end === undefined || besides.has(at + length)) continue;
      if (this.words.has(text.slice(at, at + length))) return end;
    }
    return null;
  }

  private endAfter(text: string, end: number): number {
    if (!this.after) return end;
    this.after.lastIndex = end;
    return end + (this.after.exec(text)?.[0].length ?? 0);
  }
}

/** A text in which case, apostrophes and the length of whitespace make no difference. */
class Folded {
  readonly text: string;
  /** Where a character of the folded text begins in the original. Some become several characters. */
  readonly starts: (number | undefined)[] = [];
  /** Positions of letters and digits, next to which a word neither begins nor ends. */
  readonly besides = new Set<number>();

  constructor(original: string) {
    let text = '';
    let start = 0;
    for (const [character] of original.matchAll(CHARACTERS)) {
      const folded = fold(character);
      this.starts[text.length] = start;
      if (NOT_BESIDE.test(character))
        for (let at = 0; at < folded.length; at += 1) this.besides.add(text.length + at);
      for (let at = 1; at < folded.length; at += 1) this.starts[text.length + at] = undefined;
      text += folded;
      start += character.length;
    }
    this.starts[text.length] = start;
    this.text = text;
  }
}

/** Some letters, such as ß, have another length in capitals. */
function fold(character: string): string {
  if (/^[\s+]/.test(character)) return ' ';
  return character === '’' ? "'" : character.toLowerCase().toUpperCase().normalize('NFD');
}

function beginningOf(text: string, at: number): string {
  return text.slice(at, at + SHORTEST);
}
