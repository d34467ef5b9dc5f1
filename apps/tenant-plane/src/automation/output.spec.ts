import { added, tailOf, textFrom } from './output';

describe(added.name, () => {
  it.each([
    ['appends a chunk', 3, { output: 'def', offset: 3 }, { bytes: 6, news: 'def' }],
    ['appends a chunk without an offset', 3, { output: 'def' }, { bytes: 6, news: 'def' }],
    ['ignores a chunk that was received', 6, { output: 'def', offset: 3 }, { bytes: 6, news: '' }],
    ['adds only the new part of a chunk', 4, { output: 'def', offset: 3 }, { bytes: 6, news: 'ef' }],
    ['counts bytes, not characters', 0, { output: 'äö', offset: 0 }, { bytes: 4, news: 'äö' }],
    [
      'accepts a gap that is explained',
      3,
      { output: 'xyz', offset: 10, skipped: 7 },
      { bytes: 13, news: 'xyz' },
    ],
  ])('%s', (_, received, chunk, expected) => {
    expect(added(received, chunk)).toEqual(expected);
  });

  it.each([{ offset: 4 }, { offset: 10, skipped: 6 }])('refuses a gap: %j', (chunk) => {
    const gap = expect.objectContaining({ code: 'output_gap', extra: { output_bytes: 3 } });
    expect(() => added(3, { output: 'x', ...chunk })).toThrow(gap);
  });
});

describe(tailOf.name, () => {
  it('keeps the last 64 KiB, and never a part of a character', () => {
    expect(tailOf('short')).toBe('short');
    const tail = tailOf(`${'ä'.repeat(40_000)}x`);
    expect([Buffer.byteLength(tail), tail.at(0), tail.at(-1)]).toEqual([65_535, 'ä', 'x']);
  });
});

describe(textFrom.name, () => {
  it.each([
    ['everything that is stored', 'abc', 3, 0, { offset: 0, text: 'abc' }],
    ['only what is new', 'abc', 3, 2, { offset: 2, text: 'c' }],
    ['nothing', 'abc', 3, 3, { offset: 3, text: '' }],
    ['what is left of a long output', 'abc', 1003, 7, { offset: 1000, text: 'abc' }],
    ['whole characters', 'äb', 3, 1, { offset: 2, text: 'b' }],
  ])('returns %s', (_, tail, bytes, offset, expected) => {
    expect(textFrom(tail, bytes, offset)).toEqual(expected);
  });
});
