/** How many may take part at the same time, and how many may wait. */
export interface ShareLimits {
  /** How many run at once. */
  readonly atOnce: number;
  /** How many of them may belong to one sharer. */
  readonly atOnceEach: number;
  /** How many of them only sharers of whom nothing runs may take. */
  readonly kept: number;
  /** How many may wait for one sharer. */
  readonly waitingEach: number;
  /** How many may wait in all. */
  readonly waiting: number;
}

export interface Task {
  /** Called when it is this task's turn, which may be at once. `leave` ends it; further calls do nothing. */
  readonly start: (leave: () => void) => void;
  /** Called if the task is turned away, which may be at once. */
  readonly refuse: () => void;
}

interface Sharer {
  running: number;
  /** The oldest first. */
  readonly waiting: Set<Task>;
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

  /** Returns what gives the task up while it waits. Once it has started, that does nothing. */
  enter(name: string, task: Task): () => void {
    const sharer = this.sharers.get(name) ?? { running: 0, waiting: new Set() };
    if (this.hasRoomFor(sharer)) {
      this.sharers.set(name, sharer);
      this.run(name, sharer, task);
      return () => undefined;
    }
    if (this.isFullFor(sharer)) {
      task.refuse();
      return () => undefined;
    }
    if (this.waitingInAll >= this.limits.waiting) this.shortenLongestLine();
    this.sharers.set(name, sharer);
    sharer.waiting.add(task);
    this.waitingInAll += 1;
    return () => this.forget(name, sharer, task);
  }

  private hasRoomFor({ running }: Sharer): boolean {
    const { atOnce, atOnceEach, kept } = this.limits;
    return running < atOnceEach && this.runningInAll < (running === 0 ? atOnce : atOnce - kept);
  }

  /** Whether a task of this sharer would be turned away now. */
  refuses(name: string): boolean {
    const sharer = this.sharers.get(name);
    return sharer !== undefined && !this.hasRoomFor(sharer) && this.isFullFor(sharer);
  }

  private isFullFor({ waiting }: Sharer): boolean {
    if (waiting.size >= this.limits.waitingEach) return true;
    return this.waitingInAll >= this.limits.waiting && this.longestLine()[1].waiting.size <= waiting.size + 1;
  }

  /** If too many wait in all, the newest task of the longest line makes room for shorter lines. */
  private shortenLongestLine(): void {
    const longest = this.longestLine();
    const last = [...longest[1].waiting].at(-1) as Task;
    this.forget(...longest, last);
    last.refuse();
  }

  private longestLine(): [string, Sharer] {
    return [...this.sharers].reduce((a, b) => (b[1].waiting.size > a[1].waiting.size ? b : a));
  }

  private run(name: string, sharer: Sharer, task: Task): void {
    this.runningInAll += 1;
    sharer.running += 1;
    let hasLeft = false;
    const leave = (): void => {
      if (hasLeft) return;
      hasLeft = true;
      this.runningInAll -= 1;
      sharer.running -= 1;
      this.dropIfIdle(name, sharer);
      this.startNext();
    };
    task.start(leave);
  }

  private startNext(): void {
    for (const [name, sharer] of this.sharers) {
      const [next] = sharer.waiting;
      if (!next || !this.hasRoomFor(sharer)) continue;
      sharer.waiting.delete(next);
      this.waitingInAll -= 1;
      // To the end of the line.
      this.sharers.delete(name);
      this.sharers.set(name, sharer);
      this.run(name, sharer, next);
    }
  }

  private forget(name: string, sharer: Sharer, task: Task): void {
    if (!sharer.waiting.delete(task)) return;
    this.waitingInAll -= 1;
    this.dropIfIdle(name, sharer);
  }

  private dropIfIdle(name: string, { running, waiting }: Sharer): void {
    if (running === 0 && waiting.size === 0) this.sharers.delete(name);
  }
}
