import { createHmac } from 'node:crypto';
import { type SecretText, revealed } from '@atlas/platform/secret';

/** A serialised component identifier (`"@method"`, `"signature";req`) and its value. */
export type SignatureComponent = readonly [identifier: string, value: string];

const SINGLE_ASCII_LINE = /^[\t\x20-\x7e]*$/;
const MIN_KEY_LENGTH = 32;

/**
 * RFC 9421 section 2.5. `signatureParams` is the serialised inner list that follows the label in
 * `Signature-Input`. Throws for a value with a line break, which could pass as two components.
 */
export function signatureBase(components: readonly SignatureComponent[], signatureParams: string): string {
  let base = '';
  for (const [identifier, value] of components) {
    if (!SINGLE_ASCII_LINE.test(value)) throw new TypeError(`${identifier} is not a single line of ASCII`);
    base += `${identifier}: ${value}\n`;
  }
  return `${base}"@signature-params": ${signatureParams}`;
}

/**
 * RFC 9421 section 3.3.3. A string key is encoded as UTF-8. RFC 2104 discourages keys shorter than the hash's
 * 32 bytes.
 */
export function hmacSha256(key: Buffer | SecretText, base: string): Buffer {
  const bytes = Buffer.isBuffer(key) ? key : revealed(key);
  if (bytes.length < MIN_KEY_LENGTH) throw new TypeError('A signing secret must have at least 32 characters');
  return createHmac('sha256', bytes).update(base).digest();
}

/** The components with these identifiers, in the order in which they were signed. */
export function inOrder(
  identifiers: readonly string[],
  components: readonly SignatureComponent[],
): SignatureComponent[] {
  return identifiers.map(
    (identifier) => components.find(([own]) => own === identifier) ?? throwUnknown(identifier),
  );
}

function throwUnknown(identifier: string): never {
  throw new TypeError(`${identifier} is not part of this message`);
}
