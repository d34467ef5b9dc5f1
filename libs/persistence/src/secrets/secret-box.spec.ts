import { randomBytes } from 'node:crypto';
import { SecretBox, deriveKey, parseSealingKeys } from './secret-box';

const key = (id: string) => ({ id, key: randomBytes(32) });
const place = { table: 'tenants', column: 'db_url', rowId: 'r1', ownerId: 't1' };

describe(SecretBox.name, () => {
  const [first, second] = [key('k1'), key('k2')];
  const box = new SecretBox([first]);

  it('decrypts what it has sealed, and seals the same text differently each time', () => {
    expect(box.open(box.seal('hunter2', place), place).reveal()).toBe('hunter2');
    expect(box.seal('hunter2', place)).not.toBe(box.seal('hunter2', place));
  });

  it.each(['table', 'column', 'rowId', 'ownerId'] as const)(
    'does not decrypt a value that was sealed for another %s',
    (part) => {
      const sealed = box.seal('hunter2', place);
      expect(() => box.open(sealed, { ...place, [part]: 'other' })).toThrow();
    },
  );

  it('rejects a changed value and a truncated tag', () => {
    const parts = box.seal('hunter2', place).split('.');
    const cut = [
      ...parts.slice(0, 4),
      Buffer.from(parts[4] ?? '', 'base64url')
        .subarray(0, 4)
        .toString('base64url'),
    ];
    expect(() => box.open(cut.join('.'), place)).toThrow('unknown format');
    const swapped = [...parts.slice(0, 3), randomBytes(7).toString('base64url'), parts[4]];
    expect(() => box.open(swapped.join('.'), place)).toThrow();
  });

  it('decrypts with any of its keys, and seals with the first key', () => {
    const old = box.seal('hunter2', place);
    const rotated = new SecretBox([second, first]);
    expect(rotated.open(old, place).reveal()).toBe('hunter2');
    expect(rotated.seal('x', place)).toMatch(/^s1\.k2\./);
    expect(() => new SecretBox([second]).open(old, place)).toThrow('key');
  });
});

describe(parseSealingKeys.name, () => {
  const good = randomBytes(32).toString('base64');

  it('reads keys with their ids', () => {
    expect(parseSealingKeys(`a:${good},b:${good}`).map((k) => k.id)).toEqual(['a', 'b']);
  });

  it.each([
    ['a:c2hvcnQ=', 'must be 32 bytes in base64'],
    [`:${good}`, 'the id of a sealing key'],
    [`a:${good},a:${good}`, 'same id'],
  ])('says what is wrong without repeating the key', (text, message) => {
    expect(() => parseSealingKeys(text)).toThrow(message);
    expect(() => parseSealingKeys(text)).not.toThrow(good);
  });
});

describe(deriveKey.name, () => {
  it('derives a different key for each purpose', () => {
    expect(deriveKey('s', 'a')).toHaveLength(32);
    expect(deriveKey('s', 'a')).not.toEqual(deriveKey('s', 'b'));
  });
});
