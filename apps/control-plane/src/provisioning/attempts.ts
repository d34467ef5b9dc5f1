import { Injectable, Logger } from '@nestjs/common';
import { JobRunner } from './job-runner';
import { Slots } from './slots';

export const AT_ONCE = 8;
/** Each may be a program that we run, or a whole backup that is read. */
export const LONG_AT_ONCE = 8;

/**
 * What this process is at: jobs that it was woken for and jobs that were due, so many at once. Steps that take long have slots
 * of their own, so that others never wait for them.
 */
@Injectable()
export class Attempts {
  private readonly logger = new Logger(Attempts.name);
  private readonly short = new Slots(AT_ONCE);
  private readonly long = new Slots(LONG_AT_ONCE);
  /** Jobs that have yet to get a slot. */
  private readonly inLine = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly runner: JobRunner) {}

  /** Ends with the attempt, or when that leaves its slot to others and goes on beside them. */
  async begin(jobId: string): Promise<void> {
    // The attempt in line will see whatever this one would.
    if (this.inLine.has(jobId)) return;
    await new Promise<void>((resolve) => {
      const attempt = this.attempt(jobId, resolve).finally(() => {
        this.underWay.delete(attempt);
        resolve();
      });
      this.underWay.add(attempt);
    });
  }

  /** Lets nobody in any more. Jobs in line are for other processes, or for the next one. */
  end(): void {
    this.short.end();
    this.long.end();
  }

  /** Ends when nothing is under way. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** One that fails is not lost: the sweep comes back to the job. */
  private async attempt(jobId: string, leave: () => void): Promise<void> {
    this.inLine.add(jobId);
    const place = new Place(this.short, this.long, leave);
    const isIn = await place.enter();
    this.inLine.delete(jobId);
    try {
      if (isIn) await this.runner.advance(jobId, () => place.makeRoom());
    } catch (error) {
      this.logger.error(error);
    } finally {
      place.leave();
    }
  }
}

/** Where one attempt is: in a short slot, then in a long one, or in neither. */
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

  /** It keeps its long slot until its end. */
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
