import { ALLOWED_BY_ADMIN_PARAMETER, PLANE_PATHS, TENANT_PLANE_ID_PARAMETER } from '@atlas/plane-contract';
import { Injectable, Logger } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused, ControlPlaneUnreachable } from '../control-plane-client/control-plane.errors';
import { adviceOn } from '../control-plane-client/refusal-advice';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { controlPlaneUnreachable, refusedByControlPlane } from './ai.errors';
import { type AiQuestion, type AiRoute, type AiText } from './ai-question';
import { type Completion, textOf, textsOf } from './completion';
import { visible } from './visible-text';

/** Longer than the Control Plane waits for its AI provider (60 s by default). */
const TIMEOUT_MS = 120_000;
const SOURCE = 'control_plane';
const CODE = /^[a-z][a-z_]{0,62}$/;
const LONGEST_REASON = 1000;

/** Asks an AI through the Control Plane. */
@Injectable()
export class ControlPlaneAi implements AiRoute {
  private readonly logger = new Logger(ControlPlaneAi.name);

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
  ) {}

  async ask(question: AiQuestion, ended: AbortSignal): Promise<AiText> {
    try {
      const call = { ...this.callFor(question), mustBeSigned: true, ended };
      return { ...textOf(await this.client.call<Completion>(call)), source: SOURCE };
    } catch (error) {
      throw await this.problemOf(error, question, ended);
    }
  }

  async stream(question: AiQuestion, ended: AbortSignal): Promise<AsyncIterable<AiText>> {
    try {
      const call = { ...this.callFor(question, { stream: true }), mustBeSigned: false, ended };
      return this.pieces(await this.client.stream(call), question, ended);
    } catch (error) {
      throw await this.problemOf(error, question, ended);
    }
  }

  private async *pieces(
    parts: AsyncIterable<Uint8Array>,
    question: AiQuestion,
    ended: AbortSignal,
  ): AsyncGenerator<AiText> {
    try {
      for await (const text of textsOf(parts, refusedMidStream)) yield { ...text, source: SOURCE };
    } catch (error) {
      throw await this.problemOf(error, question, ended);
    }
  }

  private callFor(question: AiQuestion, options: object = {}) {
    const { tenantId, messages, isAllowedByAdmin, requireAllowed: requireMeant } = question;
    if (this.config.isOffline)
      throw controlPlaneUnreachable('This tenant plane is offline (ATLAS_OFFLINE_MODE=1).');
    const query = {
      [TENANT_PLANE_ID_PARAMETER]: this.identities.current.tenantPlaneId ?? '',
      [ALLOWED_BY_ADMIN_PARAMETER]: String(isAllowedByAdmin),
    };
    const egress = { class: 'ai_prompt' } as const;
    const where = { egress, method: 'POST', path: PLANE_PATHS.chatCompletions, query, tenantId } as const;
    return { ...where, body: { messages, ...options }, requireMeant, timeoutMs: TIMEOUT_MS };
  }

  /**
   * Logs nothing if the caller has disconnected. Throws `ai_not_allowed` if the call was aborted because AI
   * is no longer allowed.
   */
  private async problemOf(error: unknown, question: AiQuestion, ended: AbortSignal): Promise<unknown> {
    const isRefusal = error instanceof ControlPlaneRefused;
    if (!isRefusal && !(error instanceof ControlPlaneUnreachable)) return error;
    if (ended.aborted) await question.requireAllowed();
    else this.logger.warn(`The AI did not answer: ${adviceOn(error, this.config)}`);
    if (isRefusal) return refusedByControlPlane(error);
    const reason = 'It cannot be reached or trusted; GET /api/integrations/control-plane says why.';
    return controlPlaneUnreachable(reason);
  }
}

function refusedMidStream({ code, message }: NonNullable<Completion['error']>): Error {
  const isCode = typeof code === 'string' && CODE.test(code);
  return new ControlPlaneRefused(
    200,
    isCode ? code : 'unknown',
    visible(String(message)).slice(0, LONGEST_REASON),
  );
}
