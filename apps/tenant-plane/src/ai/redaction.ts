import { replaceAddresses } from './addresses';
import { KnownWords } from './known-words';
import { percentDecoded } from './percent-encoding';
import { REDACTED, namesASecret, withoutSecrets } from './secrets';
import { visible } from './visible-text';

/** Names that are replaced wherever they occur. */
export interface KnownNames {
  readonly userNames: readonly string[];
  readonly hostNames: readonly string[];
}

type Kind = 'EMAIL' | 'IP' | 'HOST' | 'USER';

const PLACEHOLDER = /(<(?:EMAIL|IP|HOST|USER)_\d+>)/gi;
const EMAIL = /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/gu;
const HOST_OF_URL = /(?<=:\/\/|\[redacted\]@(?:\w{1,20}\()?)[\p{L}\p{N}](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}])?/gu;
/** Not the user before an @. */
const HOST_IN_SOURCE = /(?<=:\/\/(?:[^\s/@]*@)?)(?![^\s/]*@)[\p{L}\p{N}][\p{L}\p{N}_.-]{0,253}/gu;
/** The domain, or a longer one than is known. */
const DOMAIN = /(?:\.[\p{L}\p{N}-]+)*/uy;

/**
 * Replaces what must not reach an AI by placeholders such as `<HOST_1>`, and puts it back into the answer.
 * The same value has the same placeholder throughout one question, so that the AI can tell things apart.
 *
 * Secrets become `[redacted]`, and are never put back. A secret that looks like an ordinary word, and that
 * nothing calls a secret, is not recognised.
 */
export class Redaction {
  private readonly placeholders = new Map<string, string>();
  private readonly originals = new Map<string, string>();
  private readonly hosts: KnownWords;
  private readonly names: KnownWords;

  /** Placeholders that may not be used, because the text contains them already. */
  private readonly taken: ReadonlySet<string>;
  private readonly last: Record<Kind, number> = { EMAIL: 0, IP: 0, HOST: 0, USER: 0 };

  /** @param source All text that will be hidden. It may contain something that looks like a placeholder. */
  constructor({ userNames, hostNames }: KnownNames, source: string) {
    const decoded = plain(percentDecoded(plain(source)));
    this.taken = new Set(decoded.toUpperCase().match(PLACEHOLDER));
    const hosts = [...hostNames, ...new Set(decoded.match(HOST_IN_SOURCE))]
      .map((host) => plain(host).trim().replace(/\.+$/, ''))
      .flatMap((host) => [host, host.replace(/\..*$/, '')])
      .filter((host) => /\p{L}/u.test(host));
    const names = userNames.map((name) => plain(name).trim());
    this.hosts = new KnownWords(hosts, DOMAIN);
    this.names = new KnownWords([...names, ...names.flatMap((name) => name.split(/[\s,;()"]+/))]);
  }

  hide(text: string): string {
    const bare = withoutSecrets(plain(text));
    return this.hideNames(bare.replace(/\S+/g, (word) => this.decodedIfItHides(word)));
  }

  /** Hides the value of a label or a field. If its name says that it is a secret, all of it is one. */
  hideMember(name: string, value: string): string {
    return namesASecret(percentDecoded(plain(name))) ? REDACTED : this.hide(value);
  }

  /** Forgets what was hidden in texts that were not sent, because an answer can only have invented it. */
  keepOnly(sent: string): void {
    const known = new Set(sent.match(PLACEHOLDER));
    for (const placeholder of this.originals.keys())
      if (!known.has(placeholder)) this.originals.delete(placeholder);
  }

  /** Puts the originals back. Unknown placeholders stay as they are. */
  restore(text: string): string {
    return visible(text).replace(PLACEHOLDER, (found) => this.originals.get(found.toUpperCase()) ?? found);
  }

  /** Puts the originals back into every string inside a JSON value. */
  restoreIn<T>(value: T): T {
    if (typeof value === 'string') return this.restore(value) as T;
    if (Array.isArray(value)) return value.map((one: unknown) => this.restoreIn(one)) as T;
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).map(([key, one]) => [this.restore(key), this.restoreIn(one)]);
    return Object.fromEntries(members) as T;
  }

  private hideNames(text: string): string {
    let hidden = this.replaced(text, EMAIL, 'EMAIL');
    hidden = this.outsidePlaceholders(hidden, (part) =>
      replaceAddresses(part, (address) => this.placeholderFor('IP', address)),
    );
    hidden = this.replaced(hidden, HOST_OF_URL, 'HOST');
    hidden = this.known(hidden, this.hosts, 'HOST');
    return this.known(hidden, this.names, 'USER');
  }

  /** A word that is percent-encoded stays so, unless something could only be hidden once it was decoded. */
  private decodedIfItHides(word: string): string {
    if (!word.includes('%')) return word;
    const hidden = this.hideNames(withoutSecrets(plain(percentDecoded(word))));
    return hidden === percentDecoded(this.hideNames(word)) ? word : hidden;
  }

  private replaced(text: string, form: RegExp, kind: Kind): string {
    const instead = (found: string): string => this.placeholderFor(kind, found);
    return this.outsidePlaceholders(text, (part) => part.replace(form, instead));
  }

  private known(text: string, words: KnownWords, kind: Kind): string {
    const instead = (found: string): string => this.placeholderFor(kind, found);
    return this.outsidePlaceholders(text, (part) => words.replacedIn(part, instead));
  }

  /** A later form must not match inside the placeholder of an earlier one. */
  private outsidePlaceholders(text: string, hidden: (part: string) => string): string {
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

/** One form of each text: nothing invisible, and no letters that are composed of several characters. */
function plain(text: string): string {
  return visible(text).toWellFormed().normalize('NFC');
}
