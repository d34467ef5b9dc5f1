import { type Bench } from './bench';

/** One line of the performance table: what it measures, in one run, against a limit or a peer. */
export interface Line {
  /** The name on the command line: `P1`. */
  readonly name: string;
  readonly title: string;
  measure(bench: Bench): Promise<readonly Goal[]>;
}

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
