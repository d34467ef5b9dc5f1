import { type Clock } from '@atlas/platform';

/** A clock that stands still until it is told otherwise. */
export class FixedClock implements Clock {
  constructor(private time = new Date('2030-01-01T00:00:00.000Z')) {}
  now(): Date {
    return new Date(this.time);
  }
  advance(seconds: number): void {
    this.time = new Date(this.time.getTime() + seconds * 1000);
  }
}
