import {
  ALLOWED_BY_ADMIN_PARAMETER,
  type ChatMessage,
  PLANE_PATHS,
  TENANT_PLANE_ID_PARAMETER,
} from '@atlas/plane-contract';
import { Injectable, Logger } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused, ControlPlaneUnreachable } from '../control-plane-client/control-plane.errors';
import { adviceOn } from '../control-plane-client/refusal-advice';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { aiUnavailable, controlPlaneUnreachable, refusedByControlPlane } from './ai.errors';
import { eventData } from './event-data';

/** Longer than the Control Plane waits for its AI provider (60 s by default). */
const TIMEOUT_MS = 120_000;
const MAX_MODEL_LENGTH = 200;

export interface AiQuestion {
  readonly tenantId: string;
  readonly messages: ChatMessage[];
  /** Whether an admin of the tenant has explicitly allowed AI. */
  readonly isAllowedByAdmin: boolean;
  /** Throws if the question is no longer allowed. */
  readonly requireAllowed: () => Promise<void>;
}

export interface AiText {
  readonly text: string;
  readonly model: string;
}

/** The fields that are read from an OpenAI completion, whether whole or streamed. */
interface Completion {
  readonly model?: unknown;
  readonly choices?: readonly {
    readonly message?: { readonly content?: unknown };
    readonly delta?: { readonly content?: unknown };
  }[];
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

/** Asks an AI through the Control Plane. */
@Injectable()
export class ControlPlaneAi {
  private readonly logger = new Logger(ControlPlaneAi.name);

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
  ) {}

  /** Throws a DomainError that says why there is no answer. */
  async ask(question: AiQuestion, ended: AbortSignal): Promise<AiText> {
    try {
      const call = { ...this.callFor(question), mustBeSigned: true, ended };
      const completion = await this.client.call<Completion>(call);
      return requireText(completion?.choices?.[0]?.message?.content, completion?.model);
    } catch (error) {
      throw await this.problemOf(error, question, ended);
    }
  }

  /** Streams the answer. Throws as `ask` does, even mid-stream. */
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
      for await (const data of eventData(parts)) {
        if (data === '[DONE]') return;
        const { error, choices, model } = parsed(data);
        if (error) throw new ControlPlaneRefused(200, String(error.code), String(error.message));
        const text = choices?.[0]?.delta?.content;
        if (typeof text === 'string' && text !== '') yield { text, model: nameOf(model) };
      }
    } catch (error) {
      throw await this.problemOf(error, question, ended);
    }
    throw aiUnavailable("the AI's answer was cut off");
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

function parsed(data: string): Completion {
  try {
    return JSON.parse(data) as Completion;
  } catch {
    throw aiUnavailable("the AI's answer is not in OpenAI's format");
  }
}

function requireText(text: unknown, model: unknown): AiText {
  if (typeof text !== 'string' || text.trim() === '') throw aiUnavailable("the AI's answer was empty");
  return { text, model: nameOf(model) };
}

function nameOf(model: unknown): string {
  return typeof model === 'string' ? model.slice(0, MAX_MODEL_LENGTH) : 'unknown';
}
