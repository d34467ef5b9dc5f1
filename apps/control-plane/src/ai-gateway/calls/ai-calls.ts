import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { Clock, type DomainError, signalWithin } from '@atlas/platform';
import { type AiProviderKind } from '@atlas/operator-api';
import { Injectable, Logger } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { aiTimeout, aiUnavailable } from '../ai.errors';
import { type AiKind, type AnswerPart } from './ai-kind';
import { AnthropicMessages } from './anthropic.kind';
import { type Candidate } from './candidates';
import { OpenAiCompatible } from './openai-compatible.kind';
import { Patience } from './patience';
import { ProviderConnections } from './provider-connections';
import { ProviderFailure, timedOut, unreachable } from './provider-failure';
import { type Passage, ProviderGates } from './provider-gates';

const ROUNDS = 2;
/** The pause before a provider is asked again that does not say how long to wait. */
const PAUSE_MS = 500;
/** A provider that wants to be left alone for longer is not asked again. */
const MAX_PAUSE_MS = 10_000;

/** A provider, and what has become of asking it so far. */
interface Line {
  readonly candidate: Candidate;
  pauseMs: number;
  isOver: boolean;
}

export interface Question {
  readonly candidates: readonly Candidate[];
  readonly request: ChatCompletionRequest;
  /** Aborted when the caller no longer waits. */
  readonly ended: AbortSignal;
}

/** An answer of which the first part has arrived. */
export type BegunAnswer = AsyncGenerator<AnswerPart, void>;

/** Asks providers until one begins to answer. This is the only place where a question is sent again. */
@Injectable()
export class AiCalls {
  private readonly logger = new Logger(AiCalls.name);
  private readonly kinds: Readonly<Record<AiProviderKind, AiKind>>;

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly gates: ProviderGates,
    connections: ProviderConnections,
    clock: Clock,
  ) {
    this.kinds = {
      openai_compatible: new OpenAiCompatible(connections),
      anthropic: new AnthropicMessages(connections, clock),
    };
  }

  /**
   * Asks every provider once before any is asked again. Once the first part of an answer has arrived, no
   * other provider is asked: the caller may have read it. Throws a DomainError.
   */
  async begin({ candidates, request, ended }: Question): Promise<BegunAnswer> {
    const totalMs = this.config.AI_TOTAL_TIMEOUT_MS;
    const within = signalWithin(totalMs, ended);
    const lines: Line[] = candidates.map((candidate) => ({ candidate, pauseMs: 0, isOver: false }));
    let failure: ProviderFailure | null = null;
    for (let round = 0; round < ROUNDS; round += 1)
      for (const line of lines.filter(({ isOver }) => !isOver)) {
        try {
          await this.pause(line.pauseMs, within);
          return await this.attempt(line.candidate, { request, within, ended });
        } catch (error) {
          if (ended.aborted) throw callEnded();
          if (within.aborted) throw aiTimeout(totalMs / 1000);
          if (!(error instanceof ProviderFailure)) throw error;
          if (error.retry === 'never') throw error.error;
          line.pauseMs = error.retryAfterMs ?? PAUSE_MS;
          line.isOver = error.retry === 'elsewhere' || line.pauseMs > MAX_PAUSE_MS;
          failure = moreTelling(failure, error);
        }
      }
    throw failure?.error ?? aiUnavailable('the provider was removed while it was asked');
  }

  private async pause(ms: number, within: AbortSignal): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: within });
  }

  private async attempt(
    candidate: Candidate,
    { request, within, ended }: Pick<Question, 'request' | 'ended'> & { readonly within: AbortSignal },
  ): Promise<BegunAnswer> {
    const address = await candidate.address().catch((error: unknown) => {
      this.logger.error(`Provider ${candidate.id} cannot be asked: ${(error as Error).message}`);
      throw new ProviderFailure(
        aiUnavailable('the key of the provider cannot be opened'),
        'elsewhere',
        false,
      );
    });
    if (!address) throw new ProviderFailure(aiUnavailable('the provider was removed'), 'elsewhere', false);
    const passage = this.gates.enter(candidate.id);
    const patience = new Patience(
      {
        firstMs: this.config.AI_FIRST_TOKEN_TIMEOUT_MS ?? this.config.AI_PROVIDER_TIMEOUT_MS,
        idleMs: this.config.AI_PROVIDER_TIMEOUT_MS,
      },
      within,
    );
    const target = { ...address, request: { ...request, model: candidate.model }, signal: patience.signal };
    const parts = this.guarded(this.kinds[address.kind].ask(target), { candidate, passage, patience, ended });
    const first = await parts.next();
    return continued(first, parts);
  }

  /** Limits each wait, and tells the provider's gate what became of the call. */
  private async *guarded(
    parts: AsyncGenerator<AnswerPart, void>,
    call: { candidate: Candidate; passage: Passage; patience: Patience; ended: AbortSignal },
  ): AsyncGenerator<AnswerPart, void> {
    const { passage, patience } = call;
    let waitMs = patience.limits.firstMs;
    try {
      for (;;) {
        const next = await patience.during(waitMs, parts.next());
        if (next.done) break;
        passage.answered();
        waitMs = patience.limits.idleMs;
        yield next.value;
      }
      passage.succeeded();
    } catch (error) {
      throw this.failureOf(error, { ...call, waitMs });
    } finally {
      // Has no effect on a call that has succeeded or failed.
      passage.abandoned();
      passage.leave();
      await parts.return().catch(() => undefined);
    }
  }

  /** Does not pass on the provider's own message, which may quote the API key or the prompts. */
  private failureOf(
    error: unknown,
    call: { candidate: Candidate; passage: Passage; patience: Patience; ended: AbortSignal; waitMs: number },
  ): unknown {
    const { candidate, passage, patience, ended, waitMs } = call;
    if (ended.aborted) return callEnded();
    const isTotal = patience.signal.aborted && !patience.isOver;
    const failure = patience.signal.aborted
      ? timedOut(isTotal ? this.config.AI_TOTAL_TIMEOUT_MS : waitMs)
      : error instanceof ProviderFailure
        ? error
        : unreachable(error);
    if (failure.isFault) passage.failed();
    this.logger.warn({ msg: failure.message, aiProviderId: candidate.id });
    return failure;
  }
}

/** The answer including its first part. What fails from here on is final. */
async function* continued(
  first: IteratorResult<AnswerPart, void>,
  parts: AsyncGenerator<AnswerPart, void>,
): BegunAnswer {
  try {
    if (first.done) return;
    yield first.value;
    yield* parts;
  } catch (error) {
    throw error instanceof ProviderFailure ? error.error : error;
  } finally {
    await parts.return();
  }
}

/** The caller has left, or may no longer call. */
function callEnded(): DomainError {
  return aiUnavailable('the call was ended before it was answered');
}

/** A provider's own failure says more than that another was left alone. */
function moreTelling(before: ProviderFailure | null, now: ProviderFailure): ProviderFailure {
  const isSkip = now.retry === 'elsewhere' && !now.isFault && before !== null;
  return isSkip ? before : now;
}
