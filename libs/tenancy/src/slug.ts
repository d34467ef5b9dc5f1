import { isUuid } from './is-uuid';
import { RESERVED_SLUGS } from './reserved-slugs';

const SLUG_MIN_LENGTH = 3;
/**
 * Well below the 63 octets of a DNS label (RFC 1035, section 2.3.4), because a slug also becomes part of
 * database names.
 */
export const SLUG_MAX_LENGTH = 40;

/** Letters that Unicode does not decompose into a base letter and marks. */
const TRANSLITERATIONS: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['ð', 'd'],
  ['đ', 'd'],
  ['þ', 'th'],
  ['ł', 'l'],
  ['ħ', 'h'],
  ['ı', 'i'],
  ['ŋ', 'ng'],
]);

/** In the order in which a person would fix a slug. Only the first broken rule is reported. */
const RULES: readonly { readonly isBroken: (slug: string) => boolean; readonly problem: string }[] = [
  {
    isBroken: ({ length }) => length < SLUG_MIN_LENGTH || length > SLUG_MAX_LENGTH,
    problem: `use ${SLUG_MIN_LENGTH} to ${SLUG_MAX_LENGTH} characters`,
  },
  {
    isBroken: (slug) => /[^a-z0-9-]/.test(slug),
    problem: 'use only lower-case letters a-z, digits and hyphens',
  },
  {
    isBroken: (slug) => slug.startsWith('xn--'),
    problem: 'do not start with xn--, which marks an encoded international name; write it with a-z instead',
  },
  { isBroken: (slug) => /^-|-$/.test(slug), problem: 'start and end with a letter or a digit, not a hyphen' },
  { isBroken: (slug) => slug.includes('--'), problem: 'put a single hyphen between words' },
  {
    isBroken: (slug) => isUuid(slug) || /^[0-9a-f]{32}$/.test(slug),
    problem: 'choose a name that does not look like an id (UUID)',
  },
  {
    isBroken: (slug) => RESERVED_SLUGS.has(slug),
    problem: 'this word is reserved; choose another or add a word to it, such as a place or a department',
  },
];

/** How to turn this into a valid slug, or null if it is valid. Never repeats the input. */
export function slugProblem(slug: string): string | null {
  return RULES.find(({ isBroken }) => isBroken(slug))?.problem ?? null;
}

/**
 * Whether this has the form of a tenant's slug or id. Anything else names no tenant and need not be looked
 * up.
 */
export function canNameTenant(name: string): boolean {
  return isUuid(name) || slugProblem(name) === null;
}

/**
 * Derives a slug from a name: `Café Ørsted GmbH` -> `cafe-orsted-gmbh`. Empty when the name has no usable
 * letter. Check the result with slugProblem: it can still be too short or reserved.
 */
export function slugFromName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\p{M}'’]/gu, '')
    .toLowerCase()
    .replace(/[^\p{ASCII}]/gu, (letter) => TRANSLITERATIONS.get(letter) ?? letter)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, SLUG_MAX_LENGTH)
    .replace(/-$/, '');
}
