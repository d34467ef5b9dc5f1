import { type SecretText } from '@atlas/platform/secret';
import { badSignature } from './signature.errors';
import { type HeaderBag } from './signed-headers';
import { singleHeader } from './single-header';
import { hmacSha256, signatureBase, type SignatureComponent } from './signature-base';

export type SignatureParameters = ReadonlyMap<string, string | number>;

/** Exactly what one kind of signed message must cover and declare, in any order. */
export interface SignatureProfile {
  readonly components: readonly string[];
  readonly parameters: readonly string[];
  readonly tag: string;
}

export interface SignatureFields {
  readonly label: string;
  /** Serialised, in the order in which they were signed. */
  readonly components: readonly string[];
  readonly parameters: SignatureParameters;
  /** Components and parameters as one serialised inner list: the value of `@signature-params`. */
  readonly signatureParams: string;
  readonly value: Buffer;
}

const LABEL = 'sig1';
const MAX_FIELD_LENGTH = 1024;

const NAME = '[a-z*][a-z0-9_.*-]*';
const INTEGER = '0|[1-9][0-9]{0,14}';
const STRING = String.raw`"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"`;
const PARAMETER = `;(${NAME})=(${INTEGER}|${STRING})`;
/** 32 bytes. The last character before the padding has only four bits, so each value has one spelling. */
const HMAC = '[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=';

const SIGNATURE_INPUT = new RegExp(`^(${NAME})=(\\(([^()]*)\\)((?:${PARAMETER})*))$`);
const SIGNATURE = new RegExp(`^(${NAME})=:(${HMAC}):$`);
const EACH_PARAMETER = new RegExp(PARAMETER, 'g');

/**
 * Reads `Signature-Input` and `Signature`, which must contain exactly one signature that matches the profile.
 * Accepts only the canonical RFC 9651 spelling, so that each message has one form and contains nothing that
 * later checks would not see. A parser for all of RFC 9651 would take twice as long as this grammar.
 */
export function readSignatureFields(headers: HeaderBag, profile: SignatureProfile): SignatureFields {
  const [, label, signatureParams, items, spelled] = match(headers, 'signature-input', SIGNATURE_INPUT);
  const [, signatureLabel, signature] = match(headers, 'signature', SIGNATURE);
  if (label !== signatureLabel) throw badSignature('signature-input and signature have different labels.');
  const components = items.split(' ');
  if (!isExactly(components, profile.components)) {
    throw badSignature(`The signature must cover exactly ${profile.components.join(' ')}.`);
  }
  const parameters = parametersOf(spelled, profile);
  return { label, components, parameters, signatureParams, value: Buffer.from(signature, 'base64') };
}

/**
 * `Signature-Input` and `Signature` for these components, in this order. Throws a TypeError for values that
 * the fields cannot represent.
 */
export function writeSignatureFields(
  components: readonly SignatureComponent[],
  parameters: SignatureParameters,
  secret: Buffer | SecretText,
): { 'signature-input': string; signature: string } {
  const identifiers = components.map(([identifier]) => identifier).join(' ');
  // In printable ASCII, JSON and RFC 9651 escape the same characters: the quote and the backslash.
  const spelled = [...parameters].map(([name, value]) => `;${name}=${JSON.stringify(value)}`).join('');
  const signatureParams = `(${identifiers})${spelled}`;
  const input = `${LABEL}=${signatureParams}`;
  if (!SIGNATURE_INPUT.test(input))
    throw new TypeError('Signature parameters must be integers or printable ASCII');
  const value = hmacSha256(secret, signatureBase(components, signatureParams)).toString('base64');
  return { 'signature-input': input, signature: `${LABEL}=:${value}:` };
}

type Matched = readonly [string, string, string, string, string];

function match(headers: HeaderBag, name: string, form: RegExp): Matched {
  const field = singleHeader(headers, name);
  const matched = field.length > MAX_FIELD_LENGTH ? null : form.exec(field);
  if (!matched) {
    throw badSignature(
      `The header ${name} must carry exactly one signature, in the format of RFC 9421 and RFC 9651.`,
    );
  }
  return matched as unknown as Matched;
}

function parametersOf(spelled: string, { parameters, tag }: SignatureProfile): SignatureParameters {
  const read = new Map<string, string | number>();
  const names: string[] = [];
  EACH_PARAMETER.lastIndex = 0;
  // `matchAll` would copy the expression for each call.
  for (let found = EACH_PARAMETER.exec(spelled); found; found = EACH_PARAMETER.exec(spelled)) {
    const [, name, value] = found as unknown as readonly [string, string, string];
    names.push(name);
    read.set(name, valueOf(value));
  }
  if (isExactly(names, parameters) && read.get('tag') === tag) return read;
  throw badSignature(`The signature parameters must be exactly ${parameters.join(', ')}, with tag="${tag}".`);
}

/** An integer, or a string in quotes. */
function valueOf(spelled: string): string | number {
  if (!spelled.startsWith('"')) return Number(spelled);
  return spelled.includes('\\') ? (JSON.parse(spelled) as string) : spelled.slice(1, -1);
}

/**
 * `expected` has no duplicates. So if the lengths match and every expected entry is present, there are no
 * others.
 */
function isExactly(actual: readonly string[], expected: readonly string[]): boolean {
  return actual.length === expected.length && expected.every((entry) => actual.includes(entry));
}
