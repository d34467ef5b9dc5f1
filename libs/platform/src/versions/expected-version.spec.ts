import { ExpectedVersion, byContent, timeOfChange } from './expected-version';

describe('a version by content', () => {
  const versionOf = byContent<{ a: unknown; b?: unknown; other?: number }>('a', 'b');

  it('covers only the given fields, and not the order of members', () => {
    const version = versionOf({ a: { x: 1, y: 2 }, b: [] });
    expect(versionOf({ b: [], a: { y: 2, x: 1 }, other: 1 })).toBe(version);
    expect(
      ExpectedVersion.in(`"${version}"`, versionOf).require({ a: { y: 2, x: 1 }, b: [] }),
    ).toBeUndefined();
  });

  it.each([{ a: 1 }, { a: null }, { a: null, b: 1 }, { a: new Date(0) }, { a: new Date(1) }, { a: ['1'] }])(
    'distinguishes %j from all others',
    (view) => {
      const others = [{ a: '1' }, { a: '2' }, { a: 1, b: 1 }, { a: [1] }, { a: new Date(2) }];
      expect(others.map(versionOf)).not.toContain(versionOf(view));
    },
  );
});

describe('timeOfChange', () => {
  it.each([
    [1000, 500, 1000],
    [1000, 1000, 1001],
    [1000, 1500, 1501],
  ])('at %i ms after a change at %i ms is %i ms', (now, previous, expected) => {
    expect(timeOfChange(new Date(now), new Date(previous))).toEqual(new Date(expected));
  });
});
