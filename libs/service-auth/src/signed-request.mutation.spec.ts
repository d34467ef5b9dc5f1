import { type ArrivedCall, refusalOfCall, signedCall, verified } from '../test/signed-call.fixture';
import { SignatureRefused } from './signature.errors';

const ROUNDS = 2000;
const LATIN_1 = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const PARTS = [
  'method',
  'authority',
  'target',
  'body',
  'content-digest',
  'signature-input',
  'signature',
  'x-tenant-id',
  'header name',
] as const;
type Part = (typeof PARTS)[number];

/** mulberry32: small, and yields the same numbers on every run. */
function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Returns the text with one byte replaced, inserted or removed. Node reads a request's head as Latin-1. */
function mutated(text: string, random: (below: number) => number, bytes = LATIN_1): string {
  const at = random(text.length + 1);
  const byte = bytes[random(bytes.length)] ?? '';
  return [
    text.slice(0, at) + byte + text.slice(at + 1),
    text.slice(0, at) + byte + text.slice(at),
    text.slice(0, at) + text.slice(at + 1),
  ][random(3)] as string;
}

function mutatedCall(call: ArrivedCall, part: Part, random: (below: number) => number): ArrivedCall {
  if (part === 'method' || part === 'target') return { ...call, [part]: mutated(call[part], random) };
  // Changes only letters, because a verifier cannot be created with an invalid authority.
  if (part === 'authority') return { ...call, authority: mutated(call.authority, random, LETTERS) };
  if (part === 'body') {
    return { ...call, rawBody: Buffer.from(mutated(call.rawBody.toString('latin1'), random), 'latin1') };
  }
  const names = Object.keys(call.headers);
  const name = part === 'header name' ? (names[random(names.length)] as string) : part;
  const { [name]: value, ...others } = call.headers;
  if (part !== 'header name')
    return { ...call, headers: { ...others, [name]: mutated(String(value), random) } };
  // Node lower-cases names, so a change of case alone does not count.
  return { ...call, headers: { ...others, [mutated(name, random).toLowerCase()]: value } };
}

function spellingOf({ method, authority, target, rawBody, headers }: ArrivedCall): string {
  return JSON.stringify([method, authority, target, rawBody.toString('hex'), Object.entries(headers).sort()]);
}

describe('a signed call with any one byte changed', () => {
  it.each([
    ['call with all optional parts', signedCall(), PARTS],
    [
      'call without optional parts',
      signedCall({ method: 'GET', body: undefined, tenantId: undefined }),
      PARTS.slice(0, 7),
    ],
  ])('is refused in 2,000 of 2,000 cases (%s)', async (_, call, parts) => {
    const random = seededRandom(20_240_229);
    const touched = new Map<Part, number>();
    for (let round = 0; round < ROUNDS;) {
      const part = parts[random(parts.length)] as Part;
      const changed = mutatedCall(call, part, random);
      if (spellingOf(changed) === spellingOf(call)) continue;
      const refusal = await refusalOfCall(changed);
      expect(refusal).toBeInstanceOf(SignatureRefused);
      expect(refusal).toMatchObject({ code: 'bad_signature' });
      touched.set(part, (touched.get(part) ?? 0) + 1);
      round++;
    }
    expect(await verified(call)).toMatchObject({ secretIndex: 0 });
    for (const part of parts) expect(touched.get(part)).toBeGreaterThan(100);
  });
});
