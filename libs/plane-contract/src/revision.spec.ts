import { isOlderRevision } from './revision';

describe(isOlderRevision.name, () => {
  it.each([
    ['a.9', 'a.10', true],
    ['a.10', 'a.9', false],
    ['a.9', 'a.9', false],
    ['a.9', 'b.10', false],
  ])('compares %s with %s and returns %s', (one, other, isOlder) =>
    expect(isOlderRevision(one, other)).toBe(isOlder),
  );
});
