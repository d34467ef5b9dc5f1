import { type Labels } from '../alerts/alert.entity';

interface Item {
  readonly type: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const HOST = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;
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

/** The parts of a text that could be names of hosts, in lower case, each also without its domain. */
export function nameTokens(text: string): string[] {
  const tokens = text.toLowerCase().match(/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?/g) ?? [];
  const short = tokens.map((token) => token.replace(/\..*$/, ''));
  return [...new Set([...tokens, ...short])].filter((token) => token.length > 1 && /[a-z]/.test(token));
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
  return [...new Set(names)].filter((name) => name.length > 1 && HOST.test(name) && /[a-z]/i.test(name));
}
