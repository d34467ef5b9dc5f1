/**
 * The nearest-rank percentile: the smallest value such that at least `p` percent of the values do not exceed
 * it. NaN if there are no values.
 */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? NaN;
}

/** The middle value or, for an even number of values, the mean of the two middle values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? NaN;
  return (lower + upper) / 2;
}

/**
 * An upper bound of the median of the distribution that `values` come from, with 95 % confidence. The median
 * is larger than the k-th largest value only if fewer than k values exceed it, and each exceeds it with a
 * probability of one half. Infinity if there are too few values for any bound.
 */
export function upperBoundOfMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => b - a);
  let [k, probability, term] = [0, 0, 0.5 ** sorted.length];
  while (probability + term <= 0.05) {
    probability += term;
    k += 1;
    term *= (sorted.length - k + 1) / k;
  }
  return k === 0 ? Infinity : (sorted[k - 1] ?? Infinity);
}

/**
 * The median of the per-round ratios. Both sides are measured in the same round, so that a disturbance
 * affects both.
 */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  return median(numerators.map((value, round) => value / (denominators[round] ?? NaN)));
}
