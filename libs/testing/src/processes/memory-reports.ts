import { join } from 'node:path';
import { type PlaneProcess } from './plane-process';

/** A module that a plane must preload to report its memory. */
export const MEMORY_REPORT = join(__dirname, 'preloads/memory-report.js');

export interface Held {
  /** Resident memory. */
  readonly rss: number;
  /** Bytes used by objects and buffers. */
  readonly used: number;
  /** The number of sockets, timers and other handles. */
  readonly handles: number;
}

/** What a process still uses after a garbage collection. Start the process with {@link MEMORY_REPORT}. */
export class MemoryReports {
  private count = 0;

  constructor(private readonly plane: PlaneProcess) {}

  async next(): Promise<Held> {
    process.kill(this.plane.pid, 'SIGWINCH');
    return JSON.parse(await this.plane.line(new RegExp(`^{"memory_report":${++this.count},`))) as Held;
  }
}
