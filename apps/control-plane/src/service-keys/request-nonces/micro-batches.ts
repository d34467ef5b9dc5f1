import { setTimeout } from 'node:timers/promises';

const MAX_BATCH = 500;

/** What comes while one batch is written leaves in the next, so many cost one round trip. */
export class MicroBatches<T> {
  private pending: T[] = [];
  private writing: Promise<void> | null = null;

  /** `write` does not reject. Before each batch the next `pauseMs` are waited for what else comes. */
  constructor(
    private readonly write: (batch: readonly T[]) => Promise<void>,
    private readonly pauseMs = 0,
  ) {}

  add(item: T): void {
    this.pending.push(item);
    this.writing ??= this.writeAll();
  }

  /** Resolves when everything added so far is written. */
  async written(): Promise<void> {
    await this.writing;
  }

  private async writeAll(): Promise<void> {
    while (this.pending.length > 0) {
      if (this.pauseMs > 0) await setTimeout(this.pauseMs);
      await this.write(this.pending.splice(0, MAX_BATCH));
    }
    this.writing = null;
  }
}
