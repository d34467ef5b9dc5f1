import { SLUG_MAX_LENGTH, slugFromName, slugProblem } from '@atlas/tenancy';

/** Public email providers, whose domains do not identify an organisation. */
const OPEN_TO_ALL: ReadonlySet<string> = new Set([
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'live.com',
  'msn.com',
  'yahoo.com',
  'ymail.com',
  'icloud.com',
  'me.com',
  'mac.com',
  'aol.com',
  'gmx.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  't-online.de',
  'mail.com',
  'proton.me',
  'protonmail.com',
  'tutanota.com',
  'zoho.com',
  'yandex.com',
  'mail.ru',
  'qq.com',
  '163.com',
]);
/** Second-level labels that divide a country's domain by kind, as in `co.uk`. */
const KINDS: ReadonlySet<string> = new Set(['ac', 'co', 'com', 'edu', 'gov', 'net', 'org']);
const NUMBERED = 9;

/**
 * The organisation's name in its email domain:
 * `jo@mail.acme.co.uk` -> `acme`. Null for public email providers.
 */
export function organisationOf(email: string): string | null {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (OPEN_TO_ALL.has(domain)) return null;
  const labels = domain.split('.').slice(0, -1);
  if (labels.length > 1 && KINDS.has(labels.at(-1) ?? '')) labels.pop();
  return labels.at(-1) || null;
}

/**
 * Slugs for a name, best first: the name itself, then
 * numbered variants. None if the name has no usable letters.
 */
export function slugsFor(name: string): string[] {
  const plain = slugFromName(name);
  if (plain === '') return [];
  // If the plain name is too short or reserved, append a word.
  const base = slugProblem(plain) === null ? plain : `${plain}-team`;
  const numbered = Array.from({ length: NUMBERED - 1 }, (_, at) => `-${at + 2}`);
  return ['', ...numbered]
    .map((suffix) => base.slice(0, SLUG_MAX_LENGTH - suffix.length).replace(/-$/, '') + suffix)
    .filter((slug) => slugProblem(slug) === null);
}
