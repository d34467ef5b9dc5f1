import { type Clock } from '@atlas/platform';

/** A clock that stands still until it is advanced. */
export class FixedClock implements Clock {
  private passedMs = 0;

  constructor(private time = new Date('2030-01-01T00:00:00.000Z')) {}

  now(): Date {
    return new Date(this.time);
  }

  monotonicMs(): number {
    return this.passedMs;
  }

  advance(seconds: number): void {
    this.passedMs += seconds * 1000;
    this.jump(seconds);
  }

  /** Jumps without any time passing, as a machine's clock does when it is set. */
  jump(seconds: number): void {
    this.time = new Date(this.time.getTime() + seconds * 1000);
  }
}
