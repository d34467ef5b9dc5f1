import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type Tenant } from '../registry/tenant.entity';
import { type Admitted } from './admission';
import { AiMetrics } from './ai-metrics';
import { AiCalls, type BegunAnswer, type Question } from './calls/ai-calls';
import { Candidates } from './calls/candidates';
import { ProviderGates } from './calls/provider-gates';
import { TenantShares } from './calls/tenant-shares';
import { AiCredits, type Reservation } from './credits/ai-credits';
import { QuestionCost } from './credits/question-cost';
import { DEFAULT_MAX_TOKENS, mostTokensOf } from './credits/token-counts';

/** A question whose credits are reserved. */
interface Reserved extends Omit<Question, 'ended'> {
  readonly reservation: Reservation;
}

/** Sends tenants' questions to AI providers without storing them, and counts their tokens. */
@Injectable()
export class AiGateway {
  constructor(
    private readonly candidates: Candidates,
    private readonly gates: ProviderGates,
    private readonly credits: AiCredits,
    private readonly calls: AiCalls,
    private readonly shares: TenantShares,
    private readonly metrics: AiMetrics,
  ) {}

  /** Resolves once the answer has begun, to its server-sent events. */
  async stream(
    admitted: Admitted,
    request: ChatCompletionRequest,
    ended: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    return this.ask(admitted, { ...request, stream: true }, ended);
  }

  /** Returns the answer as a JSON document. */
  async answer(admitted: Admitted, request: ChatCompletionRequest, ended: AbortSignal): Promise<string> {
    let answer = '';
    for await (const data of await this.ask(admitted, request, ended)) answer += data;
    return answer;
  }

  private async ask(
    admitted: Admitted,
    asked: ChatCompletionRequest,
    ended: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    const leave = this.share(admitted.tenant);
    try {
      const question = await this.reserve(admitted, limited(asked));
      return this.counted(await this.begin(question, ended), { ...question, leave });
    } catch (error) {
      leave();
      throw error;
    }
  }

  private share({ id }: Tenant): () => void {
    try {
      return this.shares.enter(id);
    } catch (error) {
      this.metrics.refused('tenant_busy');
      throw error;
    }
  }

  private async reserve({ tenant, providers }: Admitted, request: ChatCompletionRequest): Promise<Reserved> {
    const candidates = this.candidates.of(providers, tenant.plan, request.model);
    this.gates.requireAny(candidates);
    const reasoning = Math.max(...candidates.map(({ reasoningTokens }) => reasoningTokens));
    const reservation = await this.credits
      .reserve(tenant, mostTokensOf(request, reasoning))
      .catch((error: unknown) => {
        if (error instanceof DomainError) this.metrics.refused('credits');
        throw error;
      });
    return { candidates, request, reservation, cost: new QuestionCost(request, reasoning) };
  }

  private async begin({ reservation, ...question }: Reserved, ended: AbortSignal): Promise<BegunAnswer> {
    try {
      return await this.calls.begin({ ...question, ended });
    } catch (error) {
      await this.credits.settle(reservation, question.cost.spent);
      throw error;
    }
  }

  /** Settles before the last event, or when the caller disconnects. */
  private async *counted(
    answer: BegunAnswer,
    { request, cost, reservation, leave }: Reserved & { readonly leave: () => void },
  ): AsyncGenerator<string, void> {
    const form = request.stream ? EVENTS : DOCUMENT;
    try {
      for await (const { data } of answer) if (data !== null) yield form.of(data);
    } finally {
      leave();
      await this.credits.settle(reservation, cost.spent);
    }
    yield form.end;
  }
}

/** Without a limit, nobody could say how much the answer may cost. */
function limited(request: ChatCompletionRequest): ChatCompletionRequest {
  const isLimited = request.max_tokens !== undefined || request.max_completion_tokens !== undefined;
  return isLimited ? request : { ...request, max_completion_tokens: DEFAULT_MAX_TOKENS };
}

const EVENTS = { of: (data: string) => `data: ${data}\n\n`, end: 'data: [DONE]\n\n' };
const DOCUMENT = { of: (data: string) => data, end: '' };
