import { type Bench } from './bench';
import { type Goal } from './goal';

/** One line of the performance table. It measures the planes against a limit or a peer in the same run. */
export interface Line {
  /** The name on the command line: `P1`. */
  readonly name: string;
  readonly title: string;
  measure(bench: Bench): Promise<readonly Goal[]>;
}
