import { setTimeout as delay } from 'node:timers/promises';
import { type MemoryReports } from '@atlas/testing';

const EVERY_MS = 250;

/** How much the resident memory of a process grows at most, measured after garbage collections. */
export class PeakMemory {
  private readonly end = new AbortController();
  private baseline = 0;
  private peak = 0;
  private watching: Promise<void> = Promise.resolve();

  constructor(private readonly reports: MemoryReports) {}

  async start(): Promise<void> {
    this.baseline = (await this.reports.next()).rss;
    this.watching = this.watch();
  }

  /** Returns the growth in bytes. */
  async stop(): Promise<number> {
    this.end.abort();
    await this.watching;
    return this.peak - this.baseline;
  }

  private async watch(): Promise<void> {
    while (!this.end.signal.aborted) {
      this.peak = Math.max(this.peak, (await this.reports.next()).rss);
      await delay(EVERY_MS, undefined, { signal: this.end.signal }).catch(() => undefined);
    }
  }
}
