import { type Clock } from '@atlas/platform';

/** Shown to callers who are turned away while a single call tests the provider. */
const PROBE_MS = 1000;

export interface BreakerRules {
  /** How many failures in a row open the breaker. */
  readonly failures: number;
  readonly coolDownMs: number;
}

/**
 * Keeps calls away from a provider that keeps failing. After the cool-down, one call is let through as a
 * probe. If it is answered, the breaker closes, but opens again at the next failure.
 *
 * Cockatiel and opossum were considered (ADR 35): neither takes a clock, judges a stream by more than its
 * start, or turns callers away during a probe.
 */
export class Breaker {
  private state: 'closed' | 'open' | 'probing' = 'closed';
  private failures = 0;
  private admitsAtMs = 0;

  constructor(
    private readonly rules: BreakerRules,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  /** How long the provider is to be left alone, in milliseconds. 0: a call may begin. */
  get waitMs(): number {
    if (this.state === 'closed') return 0;
    if (this.state === 'probing') return PROBE_MS;
    return Math.max(0, this.admitsAtMs - this.clock.monotonicMs());
  }

  get isOpen(): boolean {
    return this.state !== 'closed';
  }

  /** Begins a call. Call it only if `waitMs` is 0. */
  begin(): BreakerCall {
    const isProbe = this.state === 'open';
    if (isProbe) this.state = 'probing';
    // Calls that began before the breaker opened say nothing about the provider's recovery.
    const counts = (): boolean => (isProbe ? this.state !== 'open' : this.state === 'closed');
    return {
      answered: () => {
        if (isProbe && this.state === 'probing') this.close(this.rules.failures - 1);
      },
      succeeded: () => {
        if (counts()) this.close(0);
      },
      failed: () => {
        if (counts()) this.countFailure(isProbe);
      },
      abandoned: () => {
        if (isProbe && this.state === 'probing') this.open(0);
      },
    };
  }

  private countFailure(isProbe: boolean): void {
    this.failures += 1;
    if (isProbe || this.failures >= this.rules.failures) this.open(this.rules.coolDownMs);
  }

  private close(failures: number): void {
    this.state = 'closed';
    this.failures = failures;
  }

  private open(coolDownMs: number): void {
    this.state = 'open';
    this.admitsAtMs = this.clock.monotonicMs() + coolDownMs;
  }
}

/** What became of a call. */
export interface BreakerCall {
  /** The first part of the answer has arrived. */
  answered(): void;
  succeeded(): void;
  failed(): void;
  /** The call ended without showing whether the provider works, for example because its caller left. */
  abandoned(): void;
}
