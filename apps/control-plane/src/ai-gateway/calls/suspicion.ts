import { type Clock } from '@atlas/platform';

/** How many questions have to wait. */
const QUESTIONS = 5;
/** How long they have to wait. A provider that works shows a sign of life sooner. */
const AFTER_MS = 3000;
/** How often a question tests a provider under suspicion. */
const PROBE_EVERY_MS = 3000;
/** How many responses show what time a provider usually takes. */
const REMEMBERED = 20;

interface Waiting {
  readonly sinceMs: number;
  isOvertaken: boolean;
}

/** A question from the moment at which a provider is asked. */
export interface Wait {
  /** A part of an answer has come. A refusal is none: a front end may refuse while nothing answers. */
  heard(): void;
  ended(): void;
  /** Whether the provider has responded to another question since this one was asked, and not to this one. */
  isOvertaken(): boolean;
}

/**
 * Notices a provider that accepts questions and never responds, long before their time is over, and without
 * cutting any of them short. A provider is under suspicion while five questions have waited for 3 s, and for
 * longer than any of its last 20 responses took, and nothing has come from it to any question meanwhile.
 * Until something does, only a question every 3 s is let through.
 */
export class Suspicion {
  /** Those that were asked after the provider's last sign of life, in that order. */
  private waiting: Waiting[] = [];
  private readonly tookMs: number[] = [];
  private askedAtMs = -Infinity;

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  get isSuspect(): boolean {
    const last = this.waiting[QUESTIONS - 1];
    const afterMs = Math.max(AFTER_MS, ...this.tookMs);
    return last !== undefined && this.clock.monotonicMs() - last.sinceMs >= afterMs;
  }

  /** How long the provider is to be left alone, in milliseconds. 0: a question may be asked. */
  get waitMs(): number {
    if (!this.isSuspect) return 0;
    return Math.max(0, this.askedAtMs + PROBE_EVERY_MS - this.clock.monotonicMs());
  }

  /** Begins a question. Call it only if `waitMs` is 0. */
  begin(): Wait {
    const one: Waiting = { sinceMs: this.clock.monotonicMs(), isOvertaken: false };
    let isHeard = false;
    this.askedAtMs = one.sinceMs;
    this.waiting.push(one);
    return {
      heard: () => {
        if (!isHeard) this.remember(this.clock.monotonicMs() - one.sinceMs);
        isHeard = true;
        for (const other of this.waiting.splice(0)) other.isOvertaken = true;
      },
      ended: () => {
        this.waiting = this.waiting.filter((other) => other !== one);
      },
      isOvertaken: () => one.isOvertaken && !isHeard,
    };
  }

  private remember(ms: number): void {
    this.tookMs.push(ms);
    if (this.tookMs.length > REMEMBERED) this.tookMs.shift();
  }
}
