import { median, medianRatio, percentile, upperBoundOfMedian } from './statistics';

const HUNDRED = Array.from({ length: 100 }, (_, index) => 100 - index);

describe('percentile', () => {
  it('returns the value at the requested rank, regardless of the input order', () => {
    expect(percentile(HUNDRED, 50)).toBe(50);
    expect(percentile(HUNDRED, 99)).toBe(99);
    expect(percentile([7], 99)).toBe(7);
  });
  it('is NaN if there are no values', () => {
    expect(percentile([], 50)).toBeNaN();
  });
});

describe('median', () => {
  it('is the middle value, or the mean of the two middle values', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
    expect(median([])).toBeNaN();
  });
});

describe('medianRatio', () => {
  it('returns the median of the ratios of the individual rounds', () => {
    expect(medianRatio([10, 40, 90], [10, 20, 30])).toBe(2);
  });
});

describe('upperBoundOfMedian', () => {
  it('is the value that the median exceeds with a probability of at most 5 %', () => {
    expect(upperBoundOfMedian([1, 2, 3, 4])).toBe(Infinity);
    expect(upperBoundOfMedian([5, 1, 4, 2, 3])).toBe(5);
    expect(upperBoundOfMedian([1, 2, 3, 4, 5, 6, 7, 8])).toBe(7);
    expect(upperBoundOfMedian(Array.from({ length: 15 }, (_, n) => n + 1))).toBe(12);
  });
});
