import { type Bench } from './bench';
import { type Goal } from './goal';

/**
 * One line of the performance table. It compares the planes with a limit or a peer that is measured in the
 * same run.
 */
export interface Line {
  /** The name used on the command line, such as `P1`. */
  readonly name: string;
  readonly title: string;
  measure(bench: Bench): Promise<readonly Goal[]>;
}
