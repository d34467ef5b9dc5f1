import { type Clock } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { type AiMetrics, type Outcome } from '../ai-metrics';
import { aiUnavailable } from '../ai.errors';
import { type AnswerPart } from './ai-kind';
import { type Candidate } from './candidates';
import { type Patience } from './patience';
import { ProviderFailure, timedOut, unreachable } from './provider-failure';
import { type Passage } from './provider-gates';

/** A provider whose answer was not read for this long may close the connection, and is not to blame. */
const HELD_UP_MS = 5000;

const logger = new Logger('AiCalls');

interface Circumstances {
  readonly candidate: Candidate;
  readonly passage: Passage;
  readonly patience: Patience;
  /** Aborted when the caller no longer waits. */
  readonly ended: AbortSignal;
  /** How long the whole question may take, in milliseconds. */
  readonly totalMs: number;
  /** Whether no other provider has used up some of that time. */
  readonly hasAllTime: boolean;
}

/** One attempt to have a provider answer: limits each wait, and says what became of it. */
export class ProviderCall {
  private hasBegun = false;
  private heldUpMs = 0;

  constructor(
    private readonly at: Circumstances,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly metrics: AiMetrics,
  ) {}

  /** Throws a ProviderFailure if no part arrives, and its DomainError after the first part. */
  async *watch(parts: AsyncGenerator<AnswerPart, void>): AsyncGenerator<AnswerPart, void> {
    const { candidate, passage, patience } = this.at;
    const askedMs = this.clock.monotonicMs();
    let outcome: Outcome = 'left';
    try {
      for (;;) {
        const next = await patience.during(this.waitMs, parts.next());
        if (next.done) break;
        const givenMs = this.clock.monotonicMs();
        if (!this.hasBegun) this.metrics.begun(candidate.name, givenMs - askedMs);
        this.hasBegun = true;
        passage.answered();
        yield next.value;
        this.heldUpMs = Math.max(this.heldUpMs, this.clock.monotonicMs() - givenMs);
      }
      passage.succeeded();
      outcome = 'answered';
    } catch (error) {
      if (this.at.ended.aborted) throw callEnded();
      const failure = this.failureOf(error);
      outcome = patience.signal.aborted ? 'timed_out' : failure.isFault ? 'failed' : 'refused';
      logger.warn({ msg: failure.message, aiProviderId: candidate.id });
      if (failure.isFault && this.isProviderToBlame()) passage.failed();
      throw this.hasBegun ? failure.error : failure;
    } finally {
      // Has no effect on a call that has succeeded or failed.
      passage.abandoned();
      passage.leave();
      this.metrics.ended(candidate.name, outcome);
      await parts.return().catch(() => undefined);
    }
  }

  private get waitMs(): number {
    const { firstMs, idleMs } = this.at.patience.limits;
    return this.hasBegun ? idleMs : firstMs;
  }

  /** The time of the whole question may also run out because of its caller, or of other providers. */
  private isProviderToBlame(): boolean {
    if (this.isTotalOver) return !this.hasBegun && this.at.hasAllTime;
    return this.heldUpMs < HELD_UP_MS;
  }

  private get isTotalOver(): boolean {
    const { patience } = this.at;
    return patience.signal.aborted && !patience.isOver;
  }

  /** Does not pass on the provider's own message, which may quote the API key or the prompts. */
  private failureOf(error: unknown): ProviderFailure {
    if (this.at.patience.signal.aborted) return timedOut(this.isTotalOver ? this.at.totalMs : this.waitMs);
    return error instanceof ProviderFailure ? error : unreachable(error);
  }
}

/** The caller has left, or may no longer call. */
export function callEnded(): Error {
  return aiUnavailable('the call was ended before it was answered');
}
