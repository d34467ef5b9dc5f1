import { mintCredential } from '@atlas/service-auth';
import { type SeededRandom } from '../seeded-random';

export interface MutationInput {
  readonly token: string;
  /** Another valid token. */
  readonly other: string;
  readonly random: SeededRandom;
  /** A counter, for mutations that go through a token character by character. */
  readonly turn: number;
}

/** Ways to change a token. Each result differs from the original. */
export const MUTATIONS: Readonly<Record<string, (input: MutationInput) => unknown>> = {
  'one character changed': ({ token, random, turn }) => replaced(token, turn, (char) => random.changed(char)),
  "one letter's case flipped": ({ token, random }) => replaced(token, random.one(lettersIn(token)), flipped),
  'all in one case': ({ token, random }) => random.one([token.toLowerCase(), token.toUpperCase()]),
  'two characters swapped': ({ token, turn }) => swapped(token, turn),
  truncated: ({ token, turn }) => token.slice(0, turn % token.length),
  'its beginning removed': ({ token, turn }) => token.slice(1 + (turn % (token.length - 1))),
  lengthened: ({ token, random }) =>
    random.one([token + random.word(), random.word() + token, token + token]),
  'the prefix of another kind': ({ token, random }) => random.one(PREFIXES) + token.slice(3),
  'another kind, with a correct checksum': ({ token, random }) => remade(random.one(PREFIXES), token, token),
  "its id, with another token's secret": ({ token, other }) => remade('atp', token, other),
  "another token's id, with its secret": ({ token, other }) => remade('atp', other, token),
  'its id, with a guessed secret': ({ token }) => mintCredential('atp', { id: idIn(token) }).value.reveal(),
  'unknown, with a correct checksum': () => mintCredential('atp').value.reveal(),
  'with a look-alike character': ({ token, random }) => lookAlike(token, random),
  'with whitespace': ({ token, random }) => spaced(token, random),
  'not a string': ({ token, random }) => random.one([null, [token], { token }, 7, true, '', undefined]),
};

const PREFIXES = ['aok', 'ats', 'aos'] as const;
const SPACES = [' ', '\t', '\n', '\r\n', '\u0000', '\u00a0', '\u200b', '\u2028', '\ufeff'];
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  // Lookalikes: Cyrillic and Greek letters, the Kelvin sign, and full-width forms.
  a: '\u0430',
  c: '\u0441',
  e: '\u0435',
  o: '\u043e',
  p: '\u0440',
  s: '\u0455',
  x: '\u0445',
  A: '\u0391',
  B: '\u0392',
  K: '\u212a',
  0: '\uff10',
  1: '\uff11',
  _: '\uff3f',
};
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function replaced(text: string, turn: number, change: (char: string) => string): string {
  const at = turn % text.length;
  return text.slice(0, at) + change(text.charAt(at)) + text.slice(at + 1);
}

function lettersIn(text: string): number[] {
  return [...text].flatMap((char, at) => (flipped(char) === char ? [] : [at]));
}

function flipped(char: string): string {
  return char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase();
}

function swapped(text: string, turn: number): string {
  const places = [...text].flatMap((char, at) => (at > 0 && text[at - 1] !== char ? [at] : []));
  const at = places[turn % places.length] ?? 1;
  return text.slice(0, at - 1) + text.charAt(at) + text.charAt(at - 1) + text.slice(at + 1);
}

/** A well-formed token that combines the id of one token with the secret of another. */
function remade(prefix: (typeof PREFIXES)[number] | 'atp', ofId: string, ofSecret: string): string {
  const digits = [...(ofSecret.split('_')[2] ?? '').slice(0, -6)];
  const secret = digits.reduce((sum, digit) => sum * 62n + BigInt(BASE62.indexOf(digit)), 0n);
  const randomBytes = (size: number) => Buffer.from(secret.toString(16).padStart(size * 2, '0'), 'hex');
  return mintCredential(prefix, { id: idIn(ofId), randomBytes }).value.reveal();
}

function idIn(token: string): string {
  return token.split('_')[1] ?? '';
}

function lookAlike(token: string, random: SeededRandom): string {
  const places = [...token].flatMap((char, at) => (LOOK_ALIKES[char] ? [at] : []));
  const some = random.below(2) === 0 ? places : [random.one(places)];
  return [...token].map((char, at) => (some.includes(at) ? LOOK_ALIKES[char] : char)).join('');
}

function spaced(token: string, random: SeededRandom): string {
  const space = random.one(SPACES);
  const at = random.below(token.length + 1);
  return random.one([space + token, token + space, token.slice(0, at) + space + token.slice(at)]);
}
