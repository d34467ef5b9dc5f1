import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A text that must not leave, and what is shown in its place. */
export interface KnownValue {
  readonly name: string;
  readonly value: string;
}

/** Shorter values occur in ordinary words, so replacing them would hide nothing and destroy everything. */
const SHORTEST = 4;

const SECRET_NAME =
  /(secret|token|passw|credential|authorization|cookie|private|api_?key|access_?key|_key$|^key$|session$)/i;
const PEM = /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|$)/g;
/** The rest of a key whose beginning is missing, because a log was cut there. Applied after `PEM`. */
const PEM_REST = /^[\s\S]*-----END [A-Z0-9 ]+-----/;
const DATABASE_URL = /\b(postgres(ql)?|mysql|mongodb(\+srv)?|rediss?|amqps?|smtps?):\/\/[^\s"'<>\\]+/gi;
const USER_IN_URL = /:\/\/[^/\s"'@]*@/g;
/** Every credential of Atlas, such as `ats_<id>_<secret>` and `atu_<tenant>_<secret>`. */
const CREDENTIAL = /\ba[a-z]{2}_[\w-]{8,}/g;
const JOSE = /\beyJ[\w-]{8,}(\.[\w-]*){0,4}/g;
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi;
/** A header of cookies. Each of them may be a session. A value that was cut has no closing quote. */
const COOKIES = /(cookies?\\?["']?\s?[:=]\s?)(?:\[[^\]\r\n]*\]?|(\\?["'])?[^"'\\\r\n]+)/gi;
/** Names that say that their value is secret. Bounded, because logs may have very long words. */
const QUOTED =
  /((?:secret|token|passw|api.?key|authori|cookie|verifier)[\w-]{0,40}\\?["']? ?[:=] ?)\\?["'][^"']*["']?/gi;
const BARE =
  /((?:secret|token|passw|api.?key|authori|cookie|verifier)[\w-]{0,40}\s?[:=]\s?)[^\s,;&"'}\]\\[]+/gi;
const LETTER = /[\p{L}\p{N}]/u;
const EMAIL = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+/gu;
const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)/g;
const IPV6 = /(?<![\w:.])[0-9a-f]{0,4}:[0-9a-f:]{0,40}:[0-9a-f:.]*(?![\w:])/gi;

/**
 * The one way into a support bundle. Removes secrets by name and by value, credentials, database URLs, email
 * addresses and IP addresses. The same address gets the same number everywhere in a bundle, so that a reader
 * can still tell them apart. Addresses of this machine itself stay, because they say nothing.
 */
export class Redactor {
  private readonly values: readonly KnownValue[];
  private readonly tenants: readonly { readonly word: string; readonly shown: string }[];
  private readonly numbers = new Map<string, string>();

  /** `tenants` are the names of each tenant that must not be shown. */
  constructor(known: readonly KnownValue[], tenants: readonly (readonly string[])[] = []) {
    const words = tenants.flatMap((names, index) =>
      names.map((word) => ({ word, shown: `[tenant ${index + 1}]` })),
    );
    // A name may contain another one.
    this.tenants = words.filter(({ word }) => word !== '').sort((a, b) => b.word.length - a.word.length);
    const forms = known.filter(({ value }) => value.length >= SHORTEST).flatMap(formsOf);
    // A value may contain another one, such as a URL its password.
    this.values = forms.sort((a, b) => b.value.length - a.value.length);
  }

  /** Redacts all text in a JSON value, also the names of members. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (value instanceof Date || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [this.text(name), this.member(name, one)]),
    );
  }

  text(text: string): string {
    let safe = text;
    for (const { name, value } of this.values) safe = safe.replaceAll(value, `[secret ${name}]`);
    for (const { word, shown } of this.tenants) safe = withoutWord(safe, word, shown);
    return safe
      .replace(PEM, '[key]')
      .replace(PEM_REST, '[key]')
      .replace(DATABASE_URL, '[url]')
      .replace(USER_IN_URL, '://[user]@')
      .replace(JOSE, '[token]')
      .replace(CREDENTIAL, '[credential]')
      .replace(BEARER, '$1 [token]')
      .replace(COOKIES, '$1$2[secret]')
      .replace(QUOTED, '$1"[secret]"')
      .replace(BARE, '$1"[secret]"')
      .replace(EMAIL, (address) => this.numbered('email', address.toLowerCase()))
      .replace(IPV6, (address) => this.address(address))
      .replace(IPV4, (address) => this.address(address));
  }

  /** Whether the text still contains a secret that is known by its value. */
  isLeaking(text: string): boolean {
    return this.values.some(({ value }) => text.includes(value));
  }

  private member(name: string, value: unknown): unknown {
    const isText =
      typeof value === 'string' || (Array.isArray(value) && value.some((one) => typeof one === 'string'));
    return isText && SECRET_NAME.test(name) ? '[secret]' : this.value(value);
  }

  private address(text: string): string {
    if (isIP(text) === 0) return text;
    const range = ipaddr.parse(text).range();
    return range === 'loopback' || range === 'unspecified' ? text : this.numbered('ip', text.toLowerCase());
  }

  private numbered(kind: string, text: string): string {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const name = `[${kind} ${this.numbers.size + 1}]`;
    this.numbers.set(text, name);
    return name;
  }
}

/** Whatever its case. Other words that contain the word stay. */
function withoutWord(text: string, word: string, shown: string): string {
  const [lower, wanted] = [text.toLowerCase(), word.toLowerCase()];
  let [safe, from] = ['', 0];
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const isPart = LETTER.test(text[at - 1] ?? ' ') || LETTER.test(text[end] ?? ' ');
    if (at < from || isPart) continue;
    safe += text.slice(from, at) + shown;
    from = end;
  }
  return safe + text.slice(from);
}

/** A value may appear as it is, in a URL, in JSON, or in base64. */
function formsOf({ name, value }: KnownValue): KnownValue[] {
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
    Buffer.from(value).toString('base64url'),
  ];
  return [...new Set(forms)].map((form) => ({ name, value: form }));
}
