import { Injectable } from '@nestjs/common';

/** Where the time comes from, so that tests can set it. */
export abstract class Clock {
  abstract now(): Date;

  /**
   * Milliseconds since some moment, for ages and pauses within one process: they pass evenly, whereas {@link now} jumps when
   * somebody sets the machine's clock.
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
