import { median, medianRatio, percentile } from './statistics';

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
