/** A figure and its target. Most figures are ratios of two values measured in the same run. */
export interface Goal {
  readonly name: string;
  readonly value: number;
  readonly comparison: '>=' | '<=';
  readonly target: number;
}

export const atLeast = (name: string, value: number, target: number): Goal => ({
  name,
  value,
  comparison: '>=',
  target,
});

export const atMost = (name: string, value: number, target: number): Goal => ({
  name,
  value,
  comparison: '<=',
  target,
});

/** A value of NaN means that the figure could not be computed. It never meets a target. */
export function isReached({ value, comparison, target }: Goal): boolean {
  return comparison === '>=' ? value >= target : value <= target;
}
