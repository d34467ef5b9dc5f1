import { Injectable } from '@nestjs/common';

/** The source of time, so that tests can set it. */
export abstract class Clock {
  abstract now(): Date;

  /**
   * Milliseconds since an arbitrary moment, to measure durations within one process. Unlike {@link now}, this
   * clock does not jump when the machine's clock is set.
   */
  monotonicMs(): number {
    return performance.now();
  }
}

@Injectable()
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
