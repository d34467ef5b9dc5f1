import { createUuidSource, type RandomBytes, uuidv7 } from './ids';
import { isUuid } from './is-uuid';

const JAN_2026 = Date.UTC(2026, 0, 1);
const filledWith =
  (byte: number): RandomBytes =>
  (size) =>
    new Uint8Array(size).fill(byte);

const isRising = (ids: readonly string[]): boolean =>
  ids.every((id, index) => index === 0 || id > (ids[index - 1] as string));
const timestampOf = (id: string): number => parseInt(id.replaceAll('-', '').slice(0, 12), 16);

describe('uuidv7', () => {
  it('reproduces the example of RFC 9562 appendix A.6 from its time and random bits', () => {
    const random = () => Uint8Array.from([0xcc, 0x36, 0x31, 0x00, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(createUuidSource()(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it.each([
    ['all random bits clear', 0x00, '00000000-0000-7000-8000-000000000000'],
    ['all random bits set', 0xff, '00000000-0000-7fff-bfff-ffffffffffff'],
  ])('has version 7 and variant 10 with %s', (_, byte, expected) => {
    expect(createUuidSource()(0, filledWith(byte))).toBe(expected);
  });

  it('accepts a Date or milliseconds', () => {
    expect(timestampOf(createUuidSource()(new Date(JAN_2026)))).toBe(JAN_2026);
    expect(timestampOf(createUuidSource()(2 ** 48 - 1))).toBe(2 ** 48 - 1);
  });

  it('increases within one millisecond even when the random bits do not', () => {
    const next = createUuidSource();
    const ids = Array.from({ length: 5000 }, (_, i) => next(JAN_2026, filledWith(254 - (i % 255))));
    expect(isRising(ids)).toBe(true);
    expect(new Set(ids.map(timestampOf))).toEqual(new Set([JAN_2026]));
  });

  it('increases even if the clock steps back, then follows the clock again', () => {
    const next = createUuidSource();
    const ids = [0, -1, -86_400_000, 0, 1].map((step) => next(JAN_2026 + step, filledWith(0)));
    expect(isRising(ids)).toBe(true);
    expect(ids.map((id) => timestampOf(id) - JAN_2026)).toEqual([0, 0, 0, 0, 1]);
  });

  it('borrows the next millisecond when the counter is exhausted', () => {
    const next = createUuidSource();
    const ids = [0xff, 0x00, 0xff].map((byte) => next(JAN_2026, filledWith(byte)));
    expect(isRising(ids)).toBe(true);
    expect(ids.map((id) => timestampOf(id) - JAN_2026)).toEqual([0, 1, 1]);
  });

  it('never repeats an id, even across two sources', () => {
    const other = createUuidSource();
    const ids = Array.from({ length: 20_000 }, () => [uuidv7(), other()]).flat();
    expect(new Set(ids).size).toBe(40_000);
    expect(ids.every(isUuid)).toBe(true);
  });

  it.each([NaN, -1, 2 ** 48, Infinity, new Date('nonsense')])('rejects the time %p', (now) => {
    expect(() => createUuidSource()(now)).toThrow(RangeError);
  });
});

describe('isUuid', () => {
  it.each([
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', true],
    ['017F22E2-79B0-7CC3-98C4-DC0C0C07398F', true],
    ['c232ab00-9414-11ec-b3c8-9f6bdeced846', true],
    ['017f22e279b07cc398c4dc0c0c07398f', false],
    ['{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}', false],
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n', false],
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398g', false],
    ['', false],
    [undefined, false],
    [['017f22e2-79b0-7cc3-98c4-dc0c0c07398f'], false],
  ])('for %p, returns %p', (value, expected) => {
    expect(isUuid(value)).toBe(expected);
  });
});
