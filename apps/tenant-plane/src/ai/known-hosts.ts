import { type Labels } from '../alerts/alert.entity';
import { percentDecoded } from './percent-encoding';
import { visible } from './visible-text';

interface Item {
  readonly type: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Names of items may contain spaces, such as `Database 1`. */
const HOST = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]*[\p{L}\p{M}\p{N}])?$/u;
const TOKEN = /[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._-]*[\p{L}\p{M}\p{N}])?/gu;
const ASCII = /^[ -~]*$/;
/** Types of items that are machines. Other items count if their name contains a digit, a hyphen or a dot. */
const MACHINE =
  /server|host|machine|vm|node|device|switch|router|firewall|database|cluster|instance|storage/i;
const NAMES_A_HOST = /^(?:host|hostname|host_name|fqdn|dns|dns_name|node|nodename|instance|server|target)$/i;

/** All strings inside a value, in lines. In JSON, an escaped line break would look like part of a name. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, one]) => `${key}\n${textIn(one)}`)
    .join('\n');
}

/**
 * The parts of a text that could be names of hosts, each also without its domain, in each form in which a
 * database may store and compare it.
 */
export function nameTokens(text: string): string[] {
  const decoded = percentDecoded(visible(text)).normalize('NFC').toLowerCase();
  const tokens = [...new Set(decoded.match(TOKEN))].flatMap((token) => [token, ...token.split('_')]);
  const named = [...tokens, ...tokens.map((token) => token.replace(/\..*$/, ''))].filter(
    (token) => token.length > 1 && /\p{L}/u.test(token),
  );
  return [...new Set([...new Set(named)].flatMap(storedForms))];
}

/** SQLite, and Postgres in the C locale, only change the case of ASCII letters. Names may be in NFD. */
function storedForms(token: string): string[] {
  if (ASCII.test(token)) return [token];
  const forms = [token, token.toUpperCase(), token[0]?.toUpperCase() + token.slice(1)];
  return forms.flatMap((form) => [form, form.normalize('NFD')]).map(inLowerAscii);
}

function inLowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The names of hosts among the names of items, their attributes and the labels of alerts. */
export function mentionedHosts({
  items,
  alerts,
}: {
  readonly items: readonly Item[];
  readonly alerts: readonly { readonly labels: Labels }[];
}): string[] {
  const named = items.filter(({ name, type }) => MACHINE.test(type) || /[\d.-]/.test(name));
  const described = [...items.map(({ attributes }) => attributes), ...alerts.map(({ labels }) => labels)]
    .flatMap((members) => Object.entries(members))
    .flatMap(([key, value]) => (NAMES_A_HOST.test(key) && typeof value === 'string' ? [value] : []));
  const names = [...named.map(({ name }) => name), ...described.map((value) => value.replace(/:\d+$/, ''))];
  return [...new Set(names)].filter((name) => name.length > 1 && HOST.test(name) && /\p{L}/u.test(name));
}
