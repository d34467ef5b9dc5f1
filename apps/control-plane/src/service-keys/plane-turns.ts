import { Injectable } from '@nestjs/common';

/**
 * How many calls of tenant planes use the database at the same time. That is half of the connections of a
 * process, so the other half is left to other callers.
 */
export const PLANES_AT_ONCE = 5;

/**
 * Lets the calls of tenant planes use the database in turn. When all planes of a large fleet call at once,
 * such as after an outage or because of a change for each of them, their calls wait here for as long as
 * necessary. Without turns, they would wait for a connection of the pool, which refuses them after 5 s, and
 * all other callers with them.
 */
@Injectable()
export class PlaneTurns {
  private running = 0;
  private readonly urgent: (() => void)[] = [];
  private readonly others: (() => void)[] = [];

  /** For a call that a plane waits for only briefly. It goes before all calls of {@link next}. */
  first<T>(work: () => Promise<T>): Promise<T> {
    return this.within(this.urgent, work);
  }

  next<T>(work: () => Promise<T>): Promise<T> {
    return this.within(this.others, work);
  }

  private async within<T>(queue: (() => void)[], work: () => Promise<T>): Promise<T> {
    if (this.running < PLANES_AT_ONCE) this.running += 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      this.handOver();
    }
  }

  private handOver(): void {
    const resume = this.urgent.shift() ?? this.others.shift();
    if (resume) resume();
    else this.running -= 1;
  }
}
