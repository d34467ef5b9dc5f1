/** Periodic work that belongs to no job. */
export abstract class Chores {
  /** `since`: when the previous round began. If this round throws, the next round tries again. */
  abstract run(since: Date): Promise<void>;
}
