/** Periodic work that belongs to no job. */
export abstract class Chores {
  /** `since`: when the last round that did not throw began. */
  abstract run(since: Date): Promise<void>;
}
