import { nextAttemptAt } from './retry-policy';

const NOW = new Date('2030-01-01T00:00:00Z');
const delay = (attempt: number, random: number): number | null => {
  const at = nextAttemptAt(NOW, attempt, () => random);
  return at && at.getTime() - NOW.getTime();
};

describe('the delay before a retry', () => {
  it('doubles after each attempt', () => {
    expect([1, 2, 3, 4, 5].map((attempt) => delay(attempt, 1))).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  it('lies between half the maximum and the maximum', () => {
    expect([delay(3, 0), delay(3, 0.5), delay(3, 1)]).toEqual([2000, 3000, 4000]);
  });

  it('is null after the sixth attempt', () => {
    expect([delay(5, 1), delay(6, 1), delay(7, 1)]).toEqual([16_000, null, null]);
  });

  it('is random by default', () => {
    const delays = Array.from({ length: 20 }, () => nextAttemptAt(NOW, 5)?.getTime());
    expect(new Set(delays).size).toBeGreaterThan(1);
  });
});
