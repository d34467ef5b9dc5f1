/** How many may take part at the same time, and how many may wait. */
export interface ShareLimits {
  /** How many run at once. */
  readonly atOnce: number;
  /** How many of them may belong to one sharer, so that slow work of one never takes every place. */
  readonly atOnceEach: number;
  /** How many may wait for one sharer. */
  readonly waitingEach: number;
  /** How many may wait in all. */
  readonly waiting: number;
}

interface Sharer {
  running: number;
  readonly waiting: Set<() => void>;
}

/**
 * Lets a limited number of tasks run at once. Sharers whose tasks wait take turns, so a sharer with many
 * tasks delays the others by no more than one with few. Beyond the limits, tasks are turned away at once,
 * because a long line only makes everybody late.
 */
export class FairShare {
  /** In the order of their turns. */
  private readonly sharers = new Map<string, Sharer>();
  private runningInAll = 0;
  private waitingInAll = 0;

  constructor(private readonly limits: ShareLimits) {}

  get running(): number {
    return this.runningInAll;
  }

  get waiting(): number {
    return this.waitingInAll;
  }

  /**
   * Calls `start` once it is this task's turn, which may be at once. Returns what to call when the task has
   * ended or is given up, any number of times. Returns null if the task is turned away.
   */
  enter(name: string, start: () => void): (() => void) | null {
    const sharer = this.sharers.get(name) ?? { running: 0, waiting: new Set() };
    const { atOnce, atOnceEach, waitingEach, waiting } = this.limits;
    if (this.runningInAll < atOnce && sharer.running < atOnceEach) {
      this.sharers.set(name, sharer);
      return this.run(name, sharer, start);
    }
    if (sharer.waiting.size >= waitingEach || this.waitingInAll >= waiting) return null;
    this.sharers.set(name, sharer);
    let leave: (() => void) | undefined;
    const begin = (): void => {
      leave = this.run(name, sharer, start);
    };
    sharer.waiting.add(begin);
    this.waitingInAll += 1;
    return () => {
      if (leave) leave();
      else if (sharer.waiting.delete(begin)) {
        this.waitingInAll -= 1;
        this.forgetIfIdle(name, sharer);
      }
    };
  }

  private run(name: string, sharer: Sharer, start: () => void): () => void {
    this.runningInAll += 1;
    sharer.running += 1;
    let hasLeft = false;
    start();
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.runningInAll -= 1;
      sharer.running -= 1;
      this.forgetIfIdle(name, sharer);
      this.startNext();
    };
  }

  private startNext(): void {
    for (const [name, sharer] of this.sharers) {
      if (this.runningInAll >= this.limits.atOnce) return;
      const [next] = sharer.waiting;
      if (!next || sharer.running >= this.limits.atOnceEach) continue;
      sharer.waiting.delete(next);
      this.waitingInAll -= 1;
      // To the end of the line.
      this.sharers.delete(name);
      this.sharers.set(name, sharer);
      next();
    }
  }

  private forgetIfIdle(name: string, { running, waiting }: Sharer): void {
    if (running === 0 && waiting.size === 0) this.sharers.delete(name);
  }
}
