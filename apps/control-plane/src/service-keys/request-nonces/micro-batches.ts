import { setTimeout } from 'node:timers/promises';

const MAX_BATCH = 500;

/**
 * Collects items while a batch is being written and writes
 * them as the next one, so many items cost one round trip.
 */
export class MicroBatches<T> {
  private pending: T[] = [];
  private writing: Promise<void> | null = null;

  /** `write` must not reject. Each batch first waits `pauseMs` for more items. */
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
