import { type Clock } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { type AiMetrics, type Outcome } from '../ai-metrics';
import { aiUnavailable } from '../ai.errors';
import { type QuestionCost } from '../credits/question-cost';
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
  readonly cost: QuestionCost;
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
  private isGiven = false;
  private heldUpMs = 0;
  private askedMs = 0;

  constructor(
    private readonly at: Circumstances,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly metrics: AiMetrics,
  ) {}

  /**
   * Throws a ProviderFailure, as long as nothing of the answer is for the caller: another provider may then
   * be asked. After that, throws its DomainError.
   */
  async *watch(parts: AsyncGenerator<AnswerPart, void>): AsyncGenerator<AnswerPart, void> {
    const { candidate, passage, patience, cost } = this.at;
    const waive = cost.asked();
    this.askedMs = this.clock.monotonicMs();
    let outcome: Outcome = 'left';
    try {
      for (;;) {
        const next = await patience.during(this.waitMs, parts.next());
        if (next.done) break;
        const givenMs = this.clock.monotonicMs();
        this.take(next.value, givenMs);
        yield next.value;
        this.heldUpMs = Math.max(this.heldUpMs, this.clock.monotonicMs() - givenMs);
      }
      passage.succeeded();
      outcome = 'answered';
    } catch (error) {
      if (this.at.ended.aborted) throw callEnded();
      const failure = this.failureOf(error);
      const isTimedOut = patience.signal.aborted;
      outcome = isTimedOut ? 'timed_out' : failure.isFault ? 'failed' : 'refused';
      logger.warn({ msg: failure.message, aiProviderId: candidate.id });
      // A provider that is still busy with a question may charge for it. One that refuses it does not.
      if (!isTimedOut && !this.hasBegun) waive();
      if (failure.isFault && this.isProviderToBlame()) passage.failed();
      throw this.isGiven ? failure.error : failure;
    } finally {
      // Has no effect on a call that has succeeded or failed.
      passage.abandoned();
      passage.leave();
      this.metrics.ended(candidate.name, outcome);
      await parts.return().catch(() => undefined);
    }
  }

  private take(part: AnswerPart, nowMs: number): void {
    const { candidate, passage, cost } = this.at;
    cost.heard(part);
    passage.heard();
    if (part.data !== null) this.isGiven = true;
    if (part.isSign) return;
    if (!this.hasBegun) this.metrics.begun(candidate.name, nowMs - this.askedMs);
    this.hasBegun = true;
    passage.answered();
  }

  /** Signs of life do not extend the time to the first part. */
  private get waitMs(): number {
    const { firstMs, idleMs } = this.at.patience.limits;
    return this.hasBegun ? idleMs : Math.max(0, this.askedMs + firstMs - this.clock.monotonicMs());
  }

  /**
   * The time of the whole question may also run out because of its caller, or of other providers. A question
   * that never got a response says nothing if the provider has responded to others since: it works again.
   */
  private isProviderToBlame(): boolean {
    if (this.at.patience.signal.aborted && this.at.passage.isOvertaken()) return false;
    if (this.isTotalOver) return !this.hasBegun && this.at.hasAllTime;
    return this.heldUpMs < HELD_UP_MS;
  }

  private get isTotalOver(): boolean {
    const { patience } = this.at;
    return patience.signal.aborted && !patience.isOver;
  }

  private get limitMs(): number {
    const { firstMs, idleMs } = this.at.patience.limits;
    if (this.isTotalOver) return this.at.totalMs;
    return this.hasBegun ? idleMs : firstMs;
  }

  /** Does not pass on the provider's own message, which may quote the API key or the prompts. */
  private failureOf(error: unknown): ProviderFailure {
    if (this.at.patience.signal.aborted) return timedOut(this.limitMs);
    return error instanceof ProviderFailure ? error : unreachable(error);
  }
}

/** The caller has left, or may no longer call. */
export function callEnded(): Error {
  return aiUnavailable('the call was ended before it was answered');
}
