import { writeSync } from 'node:fs';
import { type DestinationStream } from 'pino';

/** How long a reader that is behind is given before it is asked again. */
const PAUSE_MS = 20;

/**
 * Where a process's log goes, at once and line by line. When it can't be written, as on a full disk, lines are lost and
 * counted, and the process goes on: pino's own destination would throw into whatever logs, and retry for ever at level fatal.
 */
export class StandardOutput implements DestinationStream {
  private lost = 0;
  private isCut = false;

  constructor(private readonly descriptor = 1) {}

  write(line: string): void {
    try {
      this.writeAll(`${this.isCut ? '\n' : ''}${this.lossNote()}${line}`);
      this.lost = 0;
    } catch {
      this.lost += 1;
    }
  }

  private writeAll(text: string): void {
    for (let left = Buffer.from(text); left.length > 0;) {
      left = left.subarray(this.writeSome(left));
      this.isCut = left.length > 0;
    }
  }

  /** How many bytes. */
  private writeSome(bytes: Buffer): number {
    try {
      return writeSync(this.descriptor, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      return 0;
    }
  }

  private lossNote(): string {
    if (this.lost === 0) return '';
    const msg = `${this.lost} log lines are lost: standard output could not be written`;
    return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), pid: process.pid, msg })}\n`;
  }
}
