import { factsText, tableText } from '../text';

/**
 * A response as text: its values, and below them a table for each list of objects in it. The values of an
 * object have a line each, such as `sla status`.
 */
export function viewText(view: object): string {
  const members = Object.entries(view);
  const lists = members.filter(([, value]) => isListOfObjects(value));
  const facts = members
    .filter((member) => !lists.includes(member))
    .flatMap(([name, value]) => valuesIn(name, value));
  const tables = lists.map(([name, value]) => `\n${words(name)}:\n${listText(value as readonly object[])}`);
  return [factsText(facts.map(([name, value]) => [words(name), valueText(value)])), ...tables].join('');
}

function valuesIn(name: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[name, value]];
  const inner = Object.entries(value).map(([own, one]) => [`${name} ${own}`, one] as const);
  return inner.length === 0 ? [[name, null]] : inner;
}

function listText(rows: readonly object[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name) => ({
    title: words(name),
    of: (row: object) => valueText((row as Readonly<Record<string, unknown>>)[name]),
  }));
  return tableText(columns, rows);
}

/** An object becomes `name=value name=value`. */
export function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(valueText).join(', ') || null;
  if (typeof value !== 'object') return String(value);
  const pairs = Object.entries(value).map(([name, inner]) => `${name}=${valueText(inner) ?? '-'}`);
  return pairs.join(' ') || null;
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'object');
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
