import { generationOf, isLaterRun, runName } from './transfer-run';

describe('the name of a run', () => {
  const at = (ms: number, generation = 1): string => runName({ generation, begunAt: new Date(ms) });
  const [random, other] = ['f3b0c4', '0aa1d2'];

  it('sorts by generation, then by time', () => {
    const names = [at(9), at(10), at(1_700_000_000_000), at(1, 2), at(5, 10)];
    expect(names.toSorted()).toEqual(names);
    expect(names.map(generationOf)).toEqual([1, 1, 1, 2, 10]);
    expect(isLaterRun(at(10), at(9))).toBe(true);
    expect(isLaterRun(at(9), at(10))).toBe(false);
    expect(isLaterRun(at(9), null)).toBe(true);
  });

  it('counts as later than a random name from an earlier version', () => {
    expect([isLaterRun(at(1), random), isLaterRun(random, at(1))]).toEqual([true, false]);
    expect([isLaterRun(random, other), isLaterRun(other, random)]).toEqual([true, true]);
    expect([isLaterRun(random, random), generationOf(random)]).toEqual([false, null]);
  });
});
