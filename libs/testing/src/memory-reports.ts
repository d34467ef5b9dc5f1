import { type PlaneProcess } from '@atlas/testing';

export interface HeldBytes {
  /** Of all its pages. */
  readonly rss: number;
  /** Of its objects and buffers. */
  readonly used: number;
}

/** What a process still holds when it has collected its garbage; it has to be started with the preload `memory-report`. */
export class MemoryReports {
  private count = 0;

  constructor(private readonly plane: PlaneProcess) {}

  async next(): Promise<HeldBytes> {
    process.kill(this.plane.pid, 'SIGWINCH');
    return JSON.parse(await this.plane.line(new RegExp(`^{"memory_report":${++this.count},`))) as HeldBytes;
  }
}
