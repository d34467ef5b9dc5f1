import { type Attributes } from './item';

const MOST_ATTRIBUTES = 100;
const LONGEST_ATTRIBUTE_NAME = 100;
const LONGEST_TEXT = 4000;
const MOST_BYTES = 32_768;

/** One attribute in the form. Only texts are edited as they are, everything else as JSON. */
export interface AttributeRow {
  readonly id: number;
  readonly name: string;
  readonly value: unknown;
}

/** How the attributes are being edited. */
export type AttributesDraft =
  | { readonly as: 'rows'; readonly rows: readonly AttributeRow[] }
  | { readonly as: 'json'; readonly text: string };

let lastId = 0;

export function rowOf(name: string, value: unknown): AttributeRow {
  lastId += 1;
  return { id: lastId, name, value };
}

export function rowsOf(attributes: Attributes): AttributesDraft {
  return { as: 'rows', rows: Object.entries(attributes).map(([name, value]) => rowOf(name, value)) };
}

export function jsonOf(attributes: Attributes): AttributesDraft {
  return { as: 'json', text: JSON.stringify(attributes, null, 2) };
}

/** The attributes, or what is wrong with them in words. */
export function attributesOf(draft: AttributesDraft): Attributes | string {
  const attributes = draft.as === 'json' ? parsed(draft.text) : fromRows(draft.rows);
  return typeof attributes === 'string' ? attributes : (tooLarge(attributes) ?? attributes);
}

function parsed(text: string): Attributes | string {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    return 'Write an object: names and values in braces.';
  } catch (error) {
    return `This is not JSON. ${error instanceof Error ? error.message : ''}`.trim();
  }
}

function fromRows(rows: readonly AttributeRow[]): Attributes | string {
  const named = rows
    .map(({ name, value }) => ({ name: name.trim(), value }))
    .filter(({ name, value }) => name !== '' || value !== '');
  if (named.some(({ name }) => name === '')) return 'An attribute has a value but no name.';
  const names = named.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `Two attributes have the name ${twice}.`;
  return Object.fromEntries(named.map(({ name, value }) => [name, value]));
}

function tooLarge(attributes: Attributes): string | null {
  const entries = Object.entries(attributes);
  if (entries.length > MOST_ATTRIBUTES)
    return `There are ${entries.length} attributes. At most ${MOST_ATTRIBUTES} are allowed.`;
  for (const [name, value] of entries) {
    if (name.length > LONGEST_ATTRIBUTE_NAME)
      return `The name ${name.slice(0, 20)}… is longer than ${LONGEST_ATTRIBUTE_NAME} characters.`;
    if (typeof value === 'string' && value.length > LONGEST_TEXT)
      return `The value of ${name} is longer than ${LONGEST_TEXT} characters.`;
  }
  const { size } = new Blob([JSON.stringify(attributes)]);
  return size > MOST_BYTES ? `The attributes take ${size} bytes. At most ${MOST_BYTES} are allowed.` : null;
}

/** A value as text, for people. */
export function textOfValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
