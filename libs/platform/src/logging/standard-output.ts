import { writeSync } from 'node:fs';
import { type DestinationStream } from 'pino';

/** How long to wait for a slow reader before the next attempt. */
const PAUSE_MS = 20;

/**
 * Writes a process's log synchronously, line by line. While the log cannot be written, as on a full disk, the
 * process continues and counts the lost lines. pino's own destination would throw an error into the code that
 * logs, or retry forever at level fatal.
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

  /** Returns how many bytes were written. */
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
    const msg = `${this.lost} log lines were lost because standard output was not writable`;
    return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), pid: process.pid, msg })}\n`;
  }
}
