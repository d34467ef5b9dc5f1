import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { AiEndpoints } from './ai-endpoints';
import { type AiQuestion, type AiRoute, type AiText } from './ai-question';
import { aiUnavailable, noneAnswered } from './ai.errors';
import { ControlPlaneAi } from './control-plane-ai';
import { OwnEndpointAi } from './own-endpoint-ai';

/** Why the gateway has no answer, although another AI may have one. */
const NO_ANSWER = [
  'control_plane_unreachable',
  'ai_unavailable',
  'ai_timeout',
  'ai_rate_limited',
  'ai_tenant_busy',
  'quota_exceeded',
  'model_not_in_plan',
];

/**
 * Asks the Control Plane's gateway and, if it cannot answer, the tenant's own endpoint. Once an answer has
 * begun, nobody else is asked, because two halves of two answers are no answer.
 */
@Injectable()
export class Ai implements AiRoute {
  constructor(
    private readonly gateway: ControlPlaneAi,
    private readonly own: OwnEndpointAi,
    private readonly endpoints: AiEndpoints,
  ) {}

  ask(question: AiQuestion, ended: AbortSignal): Promise<AiText> {
    return this.first(question, ended, (route) => route.ask(question, ended));
  }

  stream(question: AiQuestion, ended: AbortSignal): Promise<AsyncIterable<AiText>> {
    return this.first(question, ended, async (route) => begun(await route.stream(question, ended)));
  }

  private async first<T>(
    { tenantId }: AiQuestion,
    ended: AbortSignal,
    via: (route: AiRoute) => Promise<T>,
  ): Promise<T> {
    const endpoint = await this.endpoints.of(tenantId);
    if (!endpoint) return via(this.gateway);
    if (endpoint.usedAs === 'only') return via(this.own.at(endpoint));
    try {
      return await via(this.gateway);
    } catch (error) {
      if (ended.aborted || !hasNoAnswer(error)) throw error;
      return via(this.own.at(endpoint)).catch((again: unknown) => {
        throw noneAnswered(error, again);
      });
    }
  }
}

function hasNoAnswer(error: unknown): error is DomainError {
  return error instanceof DomainError && NO_ANSWER.includes(error.code);
}

/** Waits for the first piece. Throws what the stream throws, and `ai_unavailable` if there is none. */
async function begun(pieces: AsyncIterable<AiText>): Promise<AsyncIterable<AiText>> {
  const rest = pieces[Symbol.asyncIterator]();
  const first = await rest.next();
  if (first.done) throw aiUnavailable("the AI's answer was empty");
  return (async function* () {
    try {
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => rest };
    } finally {
      await rest.return?.();
    }
  })();
}
