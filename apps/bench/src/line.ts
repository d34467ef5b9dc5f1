import { type Bench } from './bench';

/** One line of the performance table: what it measures, in one run, against a limit or a peer. */
export interface Line {
  /** As it is asked for: `P1`. */
  readonly name: string;
  readonly title: string;
  measure(bench: Bench): Promise<readonly Goal[]>;
}

/** A number without a unit: a ratio of two figures that were measured in the same run. */
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

/** A figure that could not be computed reaches nothing. */
export function isReached({ value, comparison, target }: Goal): boolean {
  return comparison === '>=' ? value >= target : value <= target;
}
