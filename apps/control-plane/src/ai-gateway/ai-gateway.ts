import { profileOf } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { readOnlyFrom } from '../desired-state/leases';
import { placeOf, tenantNotOnPlane } from '../registry/placements';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { aiNotAllowed, aiUnpaid } from './ai.errors';
import { AiMetrics } from './ai-metrics';
import { AiCalls, type BegunAnswer, type Question } from './calls/ai-calls';
import { Candidates } from './calls/candidates';
import { TenantShares } from './calls/tenant-shares';
import { AiCredits, type Reservation } from './credits/ai-credits';
import { type TokenCounts, DEFAULT_MAX_TOKENS, estimateOf, mostTokensOf } from './credits/token-counts';

/** A question whose credits are reserved. */
interface Reserved extends Omit<Question, 'ended'> {
  /** The most tokens that a model may use for thinking, in addition to the limit of the question. */
  readonly reasoning: number;
  readonly reservation: Reservation;
}

/** Sends tenants' questions to AI providers without storing them, and counts their tokens. */
@Injectable()
export class AiGateway {
  private readonly logger = new Logger(AiGateway.name);

  constructor(
    private readonly database: Database,
    private readonly candidates: Candidates,
    private readonly credits: AiCredits,
    private readonly calls: AiCalls,
    private readonly shares: TenantShares,
    private readonly metrics: AiMetrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the tenant. Throws unless it is active and the plane is its
   * home. On-prem tenants also need their admin's permission.
   */
  async admit(planeId: string, tenantId: string, isAllowedByAdmin: boolean): Promise<Tenant> {
    const { place, plane, tenant } = await this.database.read(async (manager) => ({
      place: await placeOf(manager, tenantId),
      plane: await manager.findOneByOrFail(TenantPlane, { id: planeId }),
      tenant: await manager.findOneByOrFail(Tenant, { id: tenantId }),
    }));
    // A plane that only has an old copy of the tenant may not send questions for it.
    if (place?.tenantPlaneId !== planeId) throw tenantNotOnPlane();
    if (tenant.status !== 'active')
      throw new DomainError(
        'tenant_suspended',
        'forbidden',
        `The tenant's status is "${tenant.status}". Only active tenants can use AI.`,
      );
    const { pastDueSince } = tenant;
    if (pastDueSince && readOnlyFrom(pastDueSince) <= this.clock.now()) throw aiUnpaid();
    const { aiRouting } = profileOf(plane.deploymentModel);
    if (aiRouting === 'control_plane_if_admin_allows' && !isAllowedByAdmin) throw aiNotAllowed();
    this.logger.log({ msg: 'AI question admitted', tenantPlaneId: planeId, tenantId });
    return tenant;
  }

  /** Resolves once the answer has begun, to its server-sent events. */
  async stream(
    tenant: Tenant,
    request: ChatCompletionRequest,
    ended: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    return eventsOf(await this.ask(tenant, { ...request, stream: true }, ended));
  }

  /** Returns the answer as a JSON document. */
  async answer(tenant: Tenant, request: ChatCompletionRequest, ended: AbortSignal): Promise<string> {
    let answer = '';
    for await (const data of await this.ask(tenant, request, ended)) answer += data;
    return answer;
  }

  private async ask(
    tenant: Tenant,
    asked: ChatCompletionRequest,
    ended: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    const leave = this.share(tenant);
    try {
      const question = await this.reserve(tenant, limited(asked));
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

  private async reserve(tenant: Tenant, request: ChatCompletionRequest): Promise<Reserved> {
    const candidates = await this.candidates.of(tenant.plan, request.model);
    const reasoning = Math.max(...candidates.map(({ reasoningTokens }) => reasoningTokens));
    const reservation = await this.credits
      .reserve(tenant, mostTokensOf(request, reasoning))
      .catch((error: unknown) => {
        if (error instanceof DomainError) this.metrics.refused('credits');
        throw error;
      });
    return { candidates, request, reasoning, reservation };
  }

  private async begin(question: Reserved, ended: AbortSignal): Promise<BegunAnswer> {
    const { candidates, request, reasoning, reservation } = question;
    try {
      return await this.calls.begin({ candidates, request, ended });
    } catch (error) {
      // A provider may charge for a question whose caller did not wait. Any other question costs nothing.
      const spent = ended.aborted ? { ...estimateOf(request, 0, reasoning), isEstimated: true } : null;
      await this.credits.settle(reservation, spent);
      throw error;
    }
  }

  /** Settles before the last event, or when the caller disconnects. */
  private async *counted(
    answer: BegunAnswer,
    { request, reasoning, reservation, leave }: Reserved & { readonly leave: () => void },
  ): AsyncGenerator<string, void> {
    let usage: TokenCounts | null = null;
    let bytes = 0;
    try {
      for await (const part of answer) {
        usage = part.usage ?? usage;
        bytes += part.textBytes;
        if (part.data !== null) yield part.data;
      }
    } finally {
      leave();
      const counts = usage ?? estimateOf(request, bytes, reasoning);
      await this.credits.settle(reservation, { ...counts, isEstimated: usage === null });
    }
  }
}

/** Without a limit, nobody could say how much the answer may cost. */
function limited(request: ChatCompletionRequest): ChatCompletionRequest {
  const isLimited = request.max_tokens !== undefined || request.max_completion_tokens !== undefined;
  return isLimited ? request : { ...request, max_completion_tokens: DEFAULT_MAX_TOKENS };
}

async function* eventsOf(parts: AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const data of parts) yield `data: ${data}\n\n`;
  yield 'data: [DONE]\n\n';
}
