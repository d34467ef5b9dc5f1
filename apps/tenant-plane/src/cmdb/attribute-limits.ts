import { DomainError } from '@atlas/platform';

const MAX_ATTRIBUTES = 100;
const MAX_NAME = 100;
const MAX_TEXT = 4000;
/** Of JSON in UTF-8, all together. */
const MAX_BYTES = 32_768;

/** A configuration item describes a thing; it is no place to put files. Throws `attributes_too_large`. */
export function requireSensibleAttributes(attributes: Readonly<Record<string, unknown>>): void {
  const count = Object.keys(attributes).length;
  const bytes = Buffer.byteLength(JSON.stringify(attributes));
  const problem =
    count > MAX_ATTRIBUTES
      ? `There are ${count} attributes; ${MAX_ATTRIBUTES} at most.`
      : (longPart(attributes, 'attributes') ??
        (bytes > MAX_BYTES
          ? `The attributes have ${bytes} bytes of JSON in all; ${MAX_BYTES} at most.`
          : null));
  if (problem !== null)
    throw new DomainError('attributes_too_large', 'unprocessable', `${problem} Nothing was stored.`);
}

/** What is wrong with the first name or text that is too long, however deep it lies. */
function longPart(value: unknown, path: string): string | null {
  if (typeof value === 'string')
    return value.length <= MAX_TEXT
      ? null
      : `The text ${path} has ${value.length} characters; ${MAX_TEXT} characters at most.`;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, part] of Object.entries(value)) {
    if (name.length > MAX_NAME)
      return (
        `The name ${path}.${name.slice(0, MAX_NAME)}… has ${name.length} characters; ${MAX_NAME} ` +
        'characters at most.'
      );
    const found = longPart(part, `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}
