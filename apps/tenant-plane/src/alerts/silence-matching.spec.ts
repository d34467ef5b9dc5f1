import { patternProblem, wholeMatch } from '@atlas/tenant-api/patterns';

describe('a pattern', () => {
  it.each([
    ['(a', 'is not a regular expression in RE2 syntax'],
    ['(a)\\1', 'is not a regular expression in RE2 syntax'],
    ['a'.repeat(201), 'has more than 200 characters'],
    ['.{0,100}', 'repeats something more than 99 times'],
    ['a{1000}', 'repeats something more than 99 times'],
    ['(.{0,50}){4}', 'is too large'],
  ])('cannot be used if it is %s, and matches nothing', (pattern, problem) => {
    expect(patternProblem(pattern)).toMatch(problem);
    expect(['', 'a', pattern].map((text) => wholeMatch(pattern)(text))).toEqual([false, false, false]);
  });

  it('takes little time even if an automaton for it would have a huge number of states', () => {
    const matches = wholeMatch('[ab]*a[ab]{90}[ab]{90}.*');
    const texts = Array.from({ length: 20 }, (_, index) => scrambled(index + 1));
    const begun = performance.now();
    expect(texts.every((text) => matches(text))).toBe(true);
    expect(performance.now() - begun).toBeLessThan(1500);
  });

  it('matches a whole text of up to 1,000 characters', () => {
    const matches = wholeMatch('a+');
    expect(['a', 'ab', 'a'.repeat(1000), 'a'.repeat(1001)].map((text) => matches(text))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

/** 1,000 letters, each a or b, that look random. */
function scrambled(seed: number): string {
  let state = seed;
  return Array.from({ length: 1000 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 2 === 0 ? 'a' : 'b';
  }).join('');
}
