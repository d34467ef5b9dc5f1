import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { Clock, signalWithin } from '@atlas/platform';
import { type AiProviderKind } from '@atlas/operator-api';
import { Injectable, Logger } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { AiMetrics } from '../ai-metrics';
import { aiTimeout, aiUnavailable } from '../ai.errors';
import { type QuestionCost } from '../credits/question-cost';
import { type AiKind, type AnswerPart } from './ai-kind';
import { AnthropicMessages } from './anthropic.kind';
import { type Candidate } from './candidates';
import { OpenAiCompatible } from './openai-compatible.kind';
import { Patience } from './patience';
import { ProviderCall, callEnded } from './provider-call';
import { ProviderConnections } from './provider-connections';
import { ProviderFailure } from './provider-failure';
import { ProviderGates } from './provider-gates';

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

interface Attempt extends Omit<Question, 'candidates'> {
  readonly within: AbortSignal;
  readonly totalMs: number;
  readonly hasAllTime: boolean;
}

export interface Question {
  readonly candidates: readonly Candidate[];
  readonly request: ChatCompletionRequest;
  readonly cost: QuestionCost;
  /** Aborted when the caller no longer waits. */
  readonly ended: AbortSignal;
}

type Parts = AsyncGenerator<AnswerPart, void>;
/** An answer of which the first part for the caller has arrived. It has to be read, or ended, once. */
export type BegunAnswer = AsyncIterable<AnswerPart>;

/** Asks providers until one begins to answer. This is the only place where a question is sent again. */
@Injectable()
export class AiCalls {
  private readonly logger = new Logger(AiCalls.name);
  private readonly kinds: Readonly<Record<AiProviderKind, AiKind>>;

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly gates: ProviderGates,
    private readonly metrics: AiMetrics,
    private readonly clock: Clock,
    connections: ProviderConnections,
  ) {
    this.kinds = {
      openai_compatible: new OpenAiCompatible(connections),
      anthropic: new AnthropicMessages(connections, clock),
    };
  }

  /**
   * Asks every provider once before any is asked again. Once a part for the caller has arrived, no other
   * provider is asked: the caller may have read it. Throws a DomainError.
   */
  async begin({ candidates, request, cost, ended }: Question): Promise<BegunAnswer> {
    const totalMs = this.config.AI_TOTAL_TIMEOUT_MS;
    const within = signalWithin(totalMs, ended);
    const lines: Line[] = candidates.map((candidate) => ({ candidate, pauseMs: 0, isOver: false }));
    let failure: ProviderFailure | null = null;
    for (let round = 0; round < ROUNDS; round += 1)
      for (const line of lines.filter(({ isOver }) => !isOver)) {
        try {
          await this.pause(line.pauseMs, within);
          const hasAllTime = round === 0 && line === lines[0];
          return await this.attempt(line.candidate, { request, cost, within, ended, totalMs, hasAllTime });
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
    { request, cost, within, ended, totalMs, hasAllTime }: Attempt,
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
    const passage = this.gates.enter(candidate);
    const patience = new Patience(
      {
        firstMs: this.config.AI_FIRST_TOKEN_TIMEOUT_MS ?? this.config.AI_PROVIDER_TIMEOUT_MS,
        idleMs: this.config.AI_PROVIDER_TIMEOUT_MS,
      },
      within,
    );
    const target = { ...address, request: { ...request, model: candidate.model }, signal: patience.signal };
    const circumstances = { candidate, passage, patience, cost, ended, totalMs, hasAllTime };
    const call = new ProviderCall(circumstances, this.clock, this.metrics);
    const parts = call.watch(this.kinds[address.kind].ask(target));
    return continued(await firstForCaller(parts), parts);
  }
}

async function firstForCaller(parts: Parts): ReturnType<Parts['next']> {
  for (;;) {
    const part = await parts.next();
    if (part.done || part.value.data !== null) return part;
  }
}

/** The answer including its first part. A generator would cost time for each part. */
function continued(first: IteratorResult<AnswerPart, void>, rest: Parts): BegunAnswer {
  let begun: typeof first | null = first;
  const next = (): ReturnType<Parts['next']> => {
    const part = begun ? Promise.resolve(begun) : rest.next();
    begun = null;
    return part;
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: () => rest.return() }) };
}

/** A provider's own failure says more than that another was left alone. */
function moreTelling(before: ProviderFailure | null, now: ProviderFailure): ProviderFailure {
  const isSkip = now.retry === 'elsewhere' && !now.isFault && before !== null;
  return isSkip ? before : now;
}
