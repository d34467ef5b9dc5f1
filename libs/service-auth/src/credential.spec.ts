import { crc32 } from 'node:zlib';
import { Secret } from '@atlas/platform/secret';
import { base62 } from './base62';
import {
  CREDENTIAL_PREFIXES,
  credentialMatches,
  hashCredential,
  mintCredential,
  parseCredential,
} from './credential';

const allOnes = (size: number): Buffer => Buffer.alloc(size, 0xff);
const zeros = (size: number): Buffer => Buffer.alloc(size);

function withCheck(checked: string): string {
  return checked + base62(BigInt(crc32(checked)), 6);
}

describe('a credential', () => {
  it('consists of a prefix, an id, 256 bits and a CRC-32 that matches an independent computation', () => {
    const { value } = mintCredential('atp', { id: 'AAAAAAAAAAAA', randomBytes: allOnes });
    expect(value.reveal()).toBe('atp_AAAAAAAAAAAA_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1061Ue9');
  });

  it('has the same length for any random bytes', () => {
    expect(mintCredential('aok', { randomBytes: zeros }).value.reveal()).toMatch(
      /^aok_0{12}_0{43}[0-9A-Za-z]{6}$/,
    );
    expect(mintCredential('aok', { randomBytes: allOnes }).id).toBe('lk9n8mt7Fhc7');
  });

  it('is different each time one is minted', () => {
    const minted = Array.from({ length: 100 }, () => mintCredential('ats'));
    expect(new Set(minted.map(({ id }) => id)).size).toBe(100);
    expect(new Set(minted.map(({ value }) => value.reveal().split('_')[2])).size).toBe(100);
  });

  it('can be minted with a given id, but not with an id in another format', () => {
    expect(mintCredential('aos', { id: 'abcDEF123456' })).toMatchObject({ id: 'abcDEF123456' });
    for (const id of ['', 'short', 'abcDEF1234567', 'abcDEF_12345', 'abcDEF12345\n']) {
      expect(() => mintCredential('aos', { id })).toThrow(TypeError);
    }
  });
});

describe('the parser of credentials', () => {
  const minted = mintCredential('atp');
  const { id } = minted;
  const value = minted.value.reveal();

  it('returns the id for every kind of credential', () => {
    for (const prefix of Object.keys(CREDENTIAL_PREFIXES) as (keyof typeof CREDENTIAL_PREFIXES)[]) {
      const minted = mintCredential(prefix);
      expect(parseCredential(prefix, minted.value.reveal())).toEqual({ id: minted.id });
    }
  });

  it('rejects any single changed character', () => {
    for (let at = 0; at < value.length; at++) {
      const changed = value.slice(0, at) + (value[at] === 'x' ? 'y' : 'x') + value.slice(at + 1);
      expect(parseCredential('atp', changed)).toBeNull();
    }
  });

  it('rejects a wrong kind, a wrong length and a wrong alphabet', () => {
    expect(parseCredential('ats', value)).toBeNull();
    for (const wrong of [
      '',
      value.slice(1),
      `${value}0`,
      `${value}\n`,
      ` ${value}`,
      value.replace('_', '-'),
      id,
    ]) {
      expect(parseCredential('atp', wrong)).toBeNull();
    }
  });

  it('rejects a malformed credential even if its checksum is correct', () => {
    const body = value.slice(0, -6);
    expect(parseCredential('atp', withCheck(body))).toEqual({ id });
    for (const wrong of [
      `${body}0`,
      body.slice(0, -1),
      `${body.slice(0, -1)}-`,
      `x${body}`,
      body.toUpperCase(),
    ]) {
      expect(parseCredential('atp', withCheck(wrong))).toBeNull();
    }
  });
});

describe('the hash of a credential', () => {
  const value = mintCredential('aok').value.reveal();

  it('is SHA-256 in hex', () => {
    expect(hashCredential('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('matches only its own credential', () => {
    expect(credentialMatches(value, hashCredential(value))).toBe(true);
    expect(credentialMatches(new Secret(value), hashCredential(new Secret(value)))).toBe(true);
    expect(credentialMatches(value, hashCredential(value).toUpperCase())).toBe(true);
    expect(credentialMatches(`${value}0`, hashCredential(value))).toBe(false);
  });

  it('matches no credential if the hash is malformed', () => {
    const hash = hashCredential(value);
    for (const noHash of ['', hash.slice(2), `${hash}00`, `${hash}zz`, `${hash.slice(1)}z`]) {
      expect(credentialMatches(value, noHash)).toBe(false);
    }
  });
});
