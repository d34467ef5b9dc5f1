import { setTimeout } from 'node:timers/promises';

const MAX_BATCH = 500;

/**
 * Collects items while one batch is being written, then writes them
 * as the next batch, so that many items cost only one round trip.
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

  /** Resolves once everything added so far has been written. */
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
