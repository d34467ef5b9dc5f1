import { DomainError } from '@atlas/platform';

const MAX_ATTRIBUTES = 100;
const MAX_NAME = 100;
const MAX_TEXT = 4000;
/** The maximum size of all attributes together, as JSON in UTF-8. */
const MAX_BYTES = 32_768;

/** Attributes describe a configuration item; they are not file storage. Throws `attributes_too_large`. */
export function requireSensibleAttributes(attributes: Readonly<Record<string, unknown>>): void {
  const count = Object.keys(attributes).length;
  const bytes = Buffer.byteLength(JSON.stringify(attributes));
  const problem =
    count > MAX_ATTRIBUTES
      ? `There are ${count} attributes; at most ${MAX_ATTRIBUTES} are allowed.`
      : (longPart(attributes, 'attributes') ??
        (bytes > MAX_BYTES
          ? `The attributes take up ${bytes} bytes as JSON; at most ${MAX_BYTES} are allowed.`
          : null));
  if (problem !== null)
    throw new DomainError('attributes_too_large', 'unprocessable', `${problem} Nothing was stored.`);
}

/** Describes the first name or string that is too long, at any depth. */
function longPart(value: unknown, path: string): string | null {
  if (typeof value === 'string')
    return value.length <= MAX_TEXT
      ? null
      : `The value of ${path} has ${value.length} characters; at most ${MAX_TEXT} are allowed.`;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, part] of Object.entries(value)) {
    if (name.length > MAX_NAME)
      return (
        `The name ${path}.${name.slice(0, MAX_NAME)}… has ${name.length} characters; at most ` +
        `${MAX_NAME} are allowed.`
      );
    const found = longPart(part, `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}
