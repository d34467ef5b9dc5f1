import { join } from 'node:path';
import { type PlaneProcess } from './plane-process';

/** What a plane has to load before its own first line to report what it holds. */
export const MEMORY_REPORT = join(__dirname, 'preloads/memory-report.js');

export interface Held {
  /** Of all its pages. */
  readonly rss: number;
  /** Of its objects and buffers. */
  readonly used: number;
  /** Sockets, timers and the like: how many. */
  readonly handles: number;
}

/** What a process still holds when it has collected its garbage; it has to be started with {@link MEMORY_REPORT}. */
export class MemoryReports {
  private count = 0;

  constructor(private readonly plane: PlaneProcess) {}

  async next(): Promise<Held> {
    process.kill(this.plane.pid, 'SIGWINCH');
    return JSON.parse(await this.plane.line(new RegExp(`^{"memory_report":${++this.count},`))) as Held;
  }
}
