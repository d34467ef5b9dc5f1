import { Injectable, Logger } from '@nestjs/common';
import { JobRunner } from './job-runner';
import { JobWaker } from './job-waker';
import { Slots } from './slots';

export const AT_ONCE = 8;
/** Long steps run external programs or read whole backups. */
export const LONG_AT_ONCE = 8;

/**
 * The jobs that this process runs, whether a wake-up or the sweep found them. Slots limit how many jobs run
 * at once. Long steps have their own slots, so short steps never wait for them.
 */
@Injectable()
export class Attempts {
  private readonly logger = new Logger(Attempts.name);
  private readonly short = new Slots(AT_ONCE);
  private readonly long = new Slots(LONG_AT_ONCE);
  /** Jobs waiting for a slot. */
  private readonly inLine = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly runner: JobRunner,
    private readonly waker: JobWaker,
  ) {}

  /** Resolves when the attempt finishes, or when it releases its short slot to run a long step. */
  async begin(jobId: string): Promise<void> {
    // Another attempt at this job is already waiting for a slot. When it starts, it sees all changes so far.
    if (this.inLine.has(jobId)) return;
    await new Promise<void>((resolve) => {
      const attempt = this.attempt(jobId, resolve).finally(() => {
        this.underWay.delete(attempt);
        resolve();
      });
      this.underWay.add(attempt);
    });
  }

  /** Stops starting attempts. Waiting jobs are left to other processes, or to the next start. */
  end(): void {
    this.short.end();
    this.long.end();
  }

  /** Resolves when no attempt is running. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Runs the job once a slot is free. If the attempt fails, the sweep retries the job. */
  private async attempt(jobId: string, leave: () => void): Promise<void> {
    this.inLine.add(jobId);
    const place = new Place(this.short, this.long, leave);
    let isIn = await place.enter();
    this.inLine.delete(jobId);
    try {
      if (isIn) await this.runner.advance(jobId, async () => (isIn = await place.makeRoom()));
      // If there is no slot, this process is shutting down. The queue considers the wake-up handled, so
      // another process must be woken.
      if (!isIn) await this.waker.wake(jobId);
    } catch (error) {
      this.logger.error(error);
    } finally {
      place.leave();
    }
  }
}

/** The slot that an attempt holds: short, long or none. */
class Place {
  private held?: Slots;

  constructor(
    private readonly short: Slots,
    private readonly long: Slots,
    private readonly onRoom: () => void,
  ) {}

  enter(): Promise<boolean> {
    return this.take(this.short);
  }

  /** Exchanges the short slot for a long slot, which the attempt keeps until it finishes. */
  async makeRoom(): Promise<boolean> {
    if (this.held === this.long) return true;
    this.leave();
    this.onRoom();
    return this.take(this.long);
  }

  leave(): void {
    this.held?.giveBack();
    this.held = undefined;
  }

  private async take(slots: Slots): Promise<boolean> {
    const isIn = await slots.take();
    if (isIn) this.held = slots;
    return isIn;
  }
}
