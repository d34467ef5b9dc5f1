/** `{{name}}`, with optional spaces inside the braces. */
const PLACEHOLDER = /\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}/g;

export type Values = ReadonlyMap<string, string>;

/** The names of the parameters that the strings inside a value refer to, at any depth. */
export function placeholdersIn(value: unknown): string[] {
  if (typeof value === 'string') return [...value.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(placeholdersIn);
}

/** The names of the parameters that the keys of objects refer to, at any depth. None is ever filled in. */
export function placeholdersInKeys(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return [
    ...(Array.isArray(value) ? [] : placeholdersIn(Object.keys(value))),
    ...Object.values(value).flatMap(placeholdersInKeys),
  ];
}

export function isOnlyPlaceholder(text: string): boolean {
  return text.replace(PLACEHOLDER, '') === '' && placeholdersIn(text).length === 1;
}

/** Fills in one string. A parameter without a value becomes an empty string. */
export function filledText(text: string, values: Values, encode = (value: string): string => value): string {
  return text.replace(PLACEHOLDER, (_, name: string) => encode(values.get(name) ?? ''));
}

/** Fills in every string inside a JSON value. Values become parts of strings, never JSON of their own. */
export function filledJson(value: unknown, values: Values): unknown {
  if (typeof value === 'string') return filledText(value, values);
  if (Array.isArray(value)) return value.map((part) => filledJson(part, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, filledJson(part, values)]));
}
