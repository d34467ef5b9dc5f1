import { isIP } from 'node:net';

/** Names that are replaced wherever they occur. */
export interface KnownNames {
  readonly userNames: readonly string[];
  readonly hostNames: readonly string[];
}

type Kind = 'EMAIL' | 'IP' | 'HOST' | 'USER';

const PLACEHOLDER = /(<(?:EMAIL|IP|HOST|USER)_\d+>)/gi;
const EMAIL = /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/gu;
const IPV6 = /(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])/gi;
const IPV4 = /(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)/g;
const HOST_OF_URL = /(?<=:\/\/(?:\[redacted\]@)?)[a-z0-9](?:[\w.-]*[a-z0-9])?/gi;
const SHORTEST_PART = 3;

const REDACTED = '[redacted]';
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]+)-----[\s\S]*?(-----END \1-----|$)/g, REDACTED],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, REDACTED],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, REDACTED],
  [/\b(?:at[a-z]|ads|aga|ao[ks]|sk|gh[a-z]|github_pat|glpat|npm|xox[a-z])[_-][\w-]{16,}/g, REDACTED],
  [/\b(bearer|basic) +[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\b((?:set-)?cookie: *)[^\r\n"]+/gi, `$1${REDACTED}`],
  [/:\/\/[^\s/@]+@/g, `://${REDACTED}@`],
  [/((?:password|passwd|pwd|secret|token|api[_-]?key)["']?\s*[:=]\s*["']?)[^\s"',;]+/gi, `$1${REDACTED}`],
];

/**
 * Replaces what must not reach an AI by placeholders such as `<HOST_1>`, and puts it back into the answer.
 * The same value has the same placeholder throughout one question, so that the AI can tell things apart.
 *
 * Secrets in known formats become `[redacted]`, and are never put back. A secret that looks like an ordinary
 * word is not recognised.
 */
export class Redaction {
  private readonly placeholders = new Map<string, string>();
  private readonly originals = new Map<string, string>();
  private readonly hosts: RegExp | null;
  private readonly names: RegExp | null;
  private readonly partsOfNames: RegExp | null;

  /** Placeholders that may not be used, because the text contains them already. */
  private readonly taken: ReadonlySet<string>;
  private readonly last: Record<Kind, number> = { EMAIL: 0, IP: 0, HOST: 0, USER: 0 };

  /** @param source All text that will be hidden. It may contain something that looks like a placeholder. */
  constructor({ userNames, hostNames }: KnownNames, source: string) {
    this.taken = new Set(source.toUpperCase().match(PLACEHOLDER));
    const lower = source.toLowerCase();
    const named = userNames.map((name) => name.trim()).filter((name) => name.length >= SHORTEST_PART);
    const whole = named.filter((name) => lower.includes(name.toLowerCase()));
    const parts = named
      .flatMap((name) => name.split(/\s+/))
      .filter((part) => part.length >= SHORTEST_PART && /^\p{Lu}/u.test(part) && source.includes(part));
    this.hosts = oneOf(hostNames, '(?<![a-z0-9_-])', '(?:\\.[a-z0-9-]+)*(?![a-z0-9_-])', 'giu');
    this.names = oneOf(whole, NOT_AFTER_LETTER, NOT_BEFORE_LETTER, 'giu');
    this.partsOfNames = oneOf(parts, NOT_AFTER_LETTER, NOT_BEFORE_LETTER, 'gu');
  }

  hide(text: string): string {
    let hidden = SECRETS.reduce((rest, [form, instead]) => rest.replace(form, instead), text);
    hidden = this.replaced(hidden, EMAIL, 'EMAIL');
    hidden = this.replaced(hidden, IPV6, 'IP', isAddress);
    hidden = this.replaced(hidden, IPV4, 'IP', isAddress);
    hidden = this.replaced(hidden, HOST_OF_URL, 'HOST');
    hidden = this.replaced(hidden, this.hosts, 'HOST');
    hidden = this.replaced(hidden, this.names, 'USER');
    return this.replaced(hidden, this.partsOfNames, 'USER');
  }

  /** Puts the originals back. Unknown placeholders stay as they are. */
  restore(text: string): string {
    return text.replace(PLACEHOLDER, (found) => this.originals.get(found.toUpperCase()) ?? found);
  }

  /** Puts the originals back into every string inside a JSON value. */
  restoreIn<T>(value: T): T {
    if (typeof value === 'string') return this.restore(value) as T;
    if (Array.isArray(value)) return value.map((one: unknown) => this.restoreIn(one)) as T;
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).map(([key, one]) => [this.restore(key), this.restoreIn(one)]);
    return Object.fromEntries(members) as T;
  }

  /** A later form must not match inside the placeholder of an earlier one. */
  private replaced(text: string, form: RegExp | null, kind: Kind, accepts = (_: string) => true): string {
    if (!form) return text;
    const hidden = (part: string): string =>
      part.replace(form, (found) => (accepts(found) ? this.placeholderFor(kind, found) : found));
    return text
      .split(PLACEHOLDER)
      .map((part, index) => (index % 2 === 1 ? part : hidden(part)))
      .join('');
  }

  private placeholderFor(kind: Kind, original: string): string {
    const known = this.placeholders.get(original);
    if (known !== undefined) return known;
    let placeholder: string;
    do placeholder = `<${kind}_${(this.last[kind] += 1)}>`;
    while (this.taken.has(placeholder));
    this.placeholders.set(original, placeholder);
    this.originals.set(placeholder, original);
    return placeholder;
  }
}

/** Only Latin letters, because some scripts have no spaces, and others add endings to names. */
const NOT_AFTER_LETTER = '(?<![\\p{Script=Latin}\\p{N}_])';
const NOT_BEFORE_LETTER = '(?![\\p{Script=Latin}\\p{N}_])';

/** Matches the longest of these words. Null if there are none. */
function oneOf(words: readonly string[], before: string, after: string, flags: string): RegExp | null {
  if (words.length === 0) return null;
  const longestFirst = [...new Set(words)].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`${before}(?:${escaped.join('|')})${after}`, flags);
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0 && text !== '::';
}
