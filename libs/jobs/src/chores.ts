/** Periodic work that belongs to no job. */
export abstract class Chores {
  /**
   * `since`: when the previous round began. If this round throws, the error is logged, and the next round
   * runs as usual.
   */
  abstract run(since: Date): Promise<void>;
}
