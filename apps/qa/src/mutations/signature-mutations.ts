import { type SeededRandom } from '../seeded-random';
import {
  type Means,
  type Mutation,
  type TextChange,
  ofAnother,
  ofHeader,
  oneCharacter,
  withoutHeader,
} from './mutation';

const PARAMETERS = ['created', 'nonce', 'keyid', 'tag'];
const MORE_PARAMETERS = ['alg="hmac-sha256"', 'alg="none"', 'expires=4102444800', 'tag="x"', 'created=1'];
const MORE_COMPONENTS = ['"date"', '"host"', '"content-type"', '"@target-uri"', '"@request-target"'];
const COMPONENT_PARAMETERS = [';req', ';sf', ';bs', ';tr', ';key="a"'];

/** Changes to the signature and its parameters. */
export const SIGNATURE_MUTATIONS: readonly Mutation[] = [
  ofInput('created', (input, { random }) =>
    input.replace(/(?<=created=)\d+/, (created) => String(Number(created) - 50 + random.below(100))),
  ),
  ...['nonce', 'keyid', 'tag'].map((name) => ofInput(name, inParameter(name, oneCharacter))),
  ofInput(
    'keyid of another plane',
    inParameter('keyid', (_, { keyId }) => keyId),
  ),
  ofInput(
    'tag of a response',
    inParameter('tag', () => 'atlas-cp'),
  ),
  ofInput('a parameter removed', (input, { random }) =>
    input.replace(new RegExp(`;${random.one(PARAMETERS)}=[^;]*`), ''),
  ),
  ofInput('a parameter added', (input, { random }) => `${input};${random.one(MORE_PARAMETERS)}`),
  ofInput('the order of the parameters', (input, { random }) => {
    const [components = '', ...parameters] = input.split(';');
    return [components, ...random.shuffled(parameters)].join(';');
  }),
  ofComponents('one removed', (components, at) => components.filter((_, i) => i !== at)),
  ofComponents('one added', (components, _, random) => [...components, random.one(MORE_COMPONENTS)]),
  ofComponents('one duplicated', (components, at) => components.toSpliced(at, 0, components[at] ?? '')),
  ofComponents('one replaced by another', (components, at, random) =>
    components.with(at, random.one([...components, ...MORE_COMPONENTS])),
  ),
  ofComponents('one with a parameter', (components, at, random) =>
    components.with(at, `${components[at]}${random.one(COMPONENT_PARAMETERS)}`),
  ),
  ofComponents('their order', (components, _, random) => random.shuffled(components)),
  ofInput('a character', oneCharacter),
  ofInput('a second one', (input) => `${input}, sig2=("@method");created=1`),
  ofAnother('signature-input'),
  withoutHeader('signature-input'),
  // The label is changed in only one of the two fields. If both labels were changed alike, the signature
  // would remain valid, since a signature does not cover its own label.
  ...['signature-input', 'signature'].map((name) =>
    ofHeader(name, 'its label', (field, { random }) => field.replace('sig1', `s${random.below(1e9)}`)),
  ),
  ofBytes('a bit', (bytes, random) => {
    const at = random.below(bytes.length);
    return bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
  }),
  ofBytes('truncated', (bytes, random) => bytes.subarray(0, random.below(bytes.length))),
  ofBytes('lengthened', (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.below(32))])),
  ofBytes('twice', (bytes) => Buffer.concat([bytes, bytes])),
  ofBytes('zeros', (bytes) => Buffer.alloc(bytes.length)),
  ofBase64('unpadded', (base64) => base64.replace('=', '')),
  ofBase64('padded twice', (base64) => `${base64}=`),
  // Two bits of the last character before the padding are unused. A lenient decoder would ignore them.
  ofBase64('a non-canonical encoding of the same bytes', (base64) =>
    base64.replace(/.=$/, (last) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=`),
  ),
  ofBase64('base64url', (base64) => base64.replaceAll('+', '-').replaceAll('/', '_')),
  ofBase64('hexadecimal', (base64) => Buffer.from(base64, 'base64').toString('hex')),
  ofBase64('a space inside', (base64, { random }) => {
    const at = 1 + random.below(base64.length - 1);
    return `${base64.slice(0, at)} ${base64.slice(at)}`;
  }),
  ofHeader('signature', 'a string', (field) => field.replaceAll(':', '"')),
  ofHeader('signature', 'a parameter', (field) => `${field};a=1`),
  ofHeader('signature', 'a second one', (field) => `${field}, sig2=:AAAA:`),
  ofAnother('signature'),
  withoutHeader('signature'),
];

function ofInput(how: string, change: TextChange): Mutation {
  return ofHeader('signature-input', how, change);
}

function inParameter(name: string, change: TextChange): TextChange {
  const value = new RegExp(`(?<=;${name}=")[^"]*`);
  return (input, means) => input.replace(value, (text) => change(text, means));
}

function ofComponents(
  how: string,
  change: (components: readonly string[], at: number, random: SeededRandom) => string[],
): Mutation {
  return ofHeader('signature-input', `components, ${how}`, (input, { random }) =>
    input.replace(/(?<=\()[^)]*/, (list) => {
      const components = list.split(' ');
      return change(components, random.below(components.length), random).join(' ');
    }),
  );
}

function ofBase64(how: string, change: TextChange): Mutation {
  return ofHeader('signature', how, (field, means) =>
    field.replace(/(?<=:)[^:]*/, (text) => change(text, means)),
  );
}

function ofBytes(how: string, change: (bytes: Buffer, random: SeededRandom) => Uint8Array): Mutation {
  return ofBase64(how, (base64, { random }: Means) =>
    Buffer.from(change(Buffer.from(base64, 'base64'), random)).toString('base64'),
  );
}
