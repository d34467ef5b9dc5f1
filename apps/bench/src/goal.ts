/** A number without a unit: the ratio of two figures measured in the same run. */
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

/** NaN, for a figure that could not be computed, meets no target. */
export function isReached({ value, comparison, target }: Goal): boolean {
  return comparison === '>=' ? value >= target : value <= target;
}
