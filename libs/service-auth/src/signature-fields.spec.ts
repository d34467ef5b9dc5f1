import { type InnerList, parseDictionary, serializeDictionary } from 'structured-headers';
import { signedCall } from '../test/signed-call.fixture';
import { type HeaderBag } from './signed-headers';
import { singleHeader } from './single-header';
import { readSignature } from './signed-request';

const { headers } = signedCall();
const INPUT = singleHeader(headers, 'signature-input');
const SIGNATURE = singleHeader(headers, 'signature');

/** Compares our parser with an independent parser of RFC 9651. */
describe('the fields of a signature', () => {
  it.each(['nonce-0123456789', 'quoted "nonce" \\ 0123456789', '; tag="x", sig2=(0123456789'])(
    'are read in the same way by an independent parser, with the nonce %s',
    (nonce) => {
      const signed = signedCall({ nonce }).headers;
      const [[label, member] = []] = parseDictionary(singleHeader(signed, 'signature-input'));
      const [items, parameters] = member as InnerList;
      const read = readSignature(signed);
      expect([label, parameters]).toEqual([read.label, read.parameters]);
      expect(items.map(([name]) => `"${String(name)}"`)).toEqual(read.components);
      expect(read.nonce).toBe(nonce);
      const [[, bytes] = []] = parseDictionary(singleHeader(signed, 'signature'));
      expect(Buffer.from((bytes as unknown as [ArrayBuffer])[0])).toEqual(read.value);
    },
  );

  it('are accepted only in the spelling that an independent serializer produces', () => {
    const others = [
      ...changes(INPUT).map((input) => [input, SIGNATURE]),
      ...changes(SIGNATURE).map((s) => [INPUT, s]),
    ];
    const taken = others.filter(([input, signature]) =>
      isTaken({ ...headers, 'signature-input': input as string, signature: signature as string }),
    );
    expect(taken.length).toBeGreaterThan(100);
    for (const field of taken.flat())
      expect(serializeDictionary(parseDictionary(field as string))).toBe(field);
  });

  it.each(['nonce\n0123456789', 'nonce-0123456789ä'])('cannot contain the nonce %j', (nonce) => {
    expect(() => signedCall({ nonce })).toThrow(TypeError);
  });
});

/** Variants of the field, each with one character removed, duplicated, replaced or inserted. */
function changes(field: string): string[] {
  return Array.from(field, (character, at) =>
    [
      '',
      character + character,
      ...' \t"\\;=,():?-0az*A/+ä'.split('').flatMap((other) => [other, other + character]),
    ].map((instead) => field.slice(0, at) + instead + field.slice(at + 1)),
  ).flat();
}

function isTaken(changed: HeaderBag): boolean {
  try {
    readSignature(changed);
    return true;
  } catch {
    return false;
  }
}
