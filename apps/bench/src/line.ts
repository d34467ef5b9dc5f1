import { type Bench } from './bench';
import { type Goal } from './goal';

/** One line of the performance table: what it measures, in one run, against a limit or a peer. */
export interface Line {
  /** The name on the command line: `P1`. */
  readonly name: string;
  readonly title: string;
  measure(bench: Bench): Promise<readonly Goal[]>;
}
