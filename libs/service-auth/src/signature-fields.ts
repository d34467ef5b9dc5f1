import {
  type Dictionary,
  type InnerList,
  type Item,
  isInnerList,
  type Parameters,
  parseDictionary,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers';
import { badSignature } from './signature.errors';
import { type HeaderBag, singleHeader } from './signed-headers';
import { hmacSha256, signatureBase, type SignatureComponent } from './signature-base';

/** What one kind of signed message covers and declares: exactly this, in any order. */
export interface SignatureProfile {
  readonly components: readonly string[];
  readonly parameters: readonly string[];
  readonly tag: string;
}

export interface SignatureFields {
  readonly label: string;
  /** Serialised, in the order in which they were signed. */
  readonly components: readonly string[];
  readonly parameters: Parameters;
  /** Components and parameters as one serialised inner list: the value of `@signature-params`. */
  readonly signatureParams: string;
  readonly value: Buffer;
}

const LABEL = 'sig1';
const HMAC_BYTES = 32;
const MAX_FIELD_LENGTH = 1024;

/** `Signature-Input` and `Signature`, when they hold one signature of the profile and nothing else. */
export function readSignatureFields(headers: HeaderBag, profile: SignatureProfile): SignatureFields {
  const [label, input, signatureParams] = onlyMember(headers, 'signature-input');
  const [signatureLabel, signature] = onlyMember(headers, 'signature');
  if (label !== signatureLabel) throw badSignature('signature-input and signature carry different labels.');
  if (!isInnerList(input)) throw badSignature('signature-input has to list the covered components.');
  const components = input[0].map((item) => serializeItem(item));
  if (!isExactly(components, profile.components)) {
    throw badSignature(`The signature has to cover exactly ${profile.components.join(' ')}.`);
  }
  requireParameters(input[1], profile);
  return { label, components, parameters: input[1], signatureParams, value: hmacOf(signature) };
}

/** `Signature-Input` and `Signature` of these components, in this order. */
export function writeSignatureFields(
  components: readonly SignatureComponent[],
  parameters: Parameters,
  secret: string,
): { 'signature-input': string; signature: string } {
  const identifiers = components.map(([identifier]) => identifier).join(' ');
  const signatureParams = `(${identifiers})${serializeInnerList([[], parameters]).slice('()'.length)}`;
  const value = hmacSha256(secret, signatureBase(components, signatureParams)).toString('base64');
  return { 'signature-input': `${LABEL}=${signatureParams}`, signature: `${LABEL}=:${value}:` };
}

/** Label and member, and the member as it is serialised: the canonical field without its label. */
function onlyMember(headers: HeaderBag, name: string): readonly [string, Item | InnerList, string] {
  const field = singleHeader(headers, name);
  const [entry, ...others] = parseCanonical(name, field);
  if (!entry || others.length > 0) {
    throw badSignature(`The header ${name} has to carry exactly one signature.`);
  }
  const [label, member] = entry;
  return [label, member, field.slice(`${label}=`.length)];
}

/**
 * Only the canonical serialisation is taken: a parser keeps the last of two equal keys and forgives base64 padding, and
 * so each message has one spelling, with nothing in it that the checks after this one cannot see.
 */
function parseCanonical(name: string, field: string): Dictionary {
  const dictionary = field.length > MAX_FIELD_LENGTH ? null : parsedOrNull(field);
  if (!dictionary) throw badSignature(`The header ${name} is not a canonical RFC 9651 dictionary.`);
  return dictionary;
}

function parsedOrNull(field: string): Dictionary | null {
  try {
    const dictionary = parseDictionary(field);
    return serializeDictionary(dictionary) === field ? dictionary : null;
  } catch {
    return null;
  }
}

function requireParameters(parameters: Parameters, profile: SignatureProfile): void {
  if (!isExactly([...parameters.keys()], profile.parameters) || parameters.get('tag') !== profile.tag) {
    const expected = profile.parameters.join(', ');
    throw badSignature(`The signature parameters have to be exactly ${expected}, with tag="${profile.tag}".`);
  }
}

function hmacOf([value, parameters]: Item | InnerList): Buffer {
  const bytes = value instanceof ArrayBuffer ? Buffer.from(value) : null;
  if (bytes?.length !== HMAC_BYTES || parameters.size > 0) {
    throw badSignature('The header signature has to carry the 32 bytes of an hmac-sha256.');
  }
  return bytes;
}

/** Nothing is expected twice, so as many entries as expected, all of those among them, leave room for no other. */
function isExactly(actual: readonly string[], expected: readonly string[]): boolean {
  return actual.length === expected.length && expected.every((entry) => actual.includes(entry));
}
