import {
  ALLOWED_BY_ADMIN_PARAMETER,
  type ChatMessage,
  PLANE_PATHS,
  TENANT_PLANE_ID_PARAMETER,
} from '@atlas/plane-contract';
import { Injectable, Logger } from '@nestjs/common';
import { ControlPlaneClient } from '../control-plane-link/control-plane-client';
import { ControlPlaneRefused, ControlPlaneUnreachable } from '../control-plane-link/control-plane.errors';
import { PlaneIdentities } from '../control-plane-link/plane-identities';
import { adviceOn } from '../control-plane-link/refusal-advice';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { aiUnavailable, controlPlaneUnreachable, refusedByControlPlane } from './ai.errors';

/** Longer than the Control Plane waits for its provider, which is 60 s unless it is told otherwise. */
const TIMEOUT_MS = 120_000;
const MAX_MODEL_LENGTH = 200;

export interface AiQuestion {
  readonly tenantId: string;
  readonly messages: ChatMessage[];
  /** Whether the tenant's admin has said in so many words that it may be asked. */
  readonly isAllowedByAdmin: boolean;
}

export interface AiText {
  readonly text: string;
  readonly model: string;
}

/** OpenAI's answer, as far as it is read. */
interface Completion {
  readonly model?: unknown;
  readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
}

/** The AI behind the Control Plane. */
@Injectable()
export class ControlPlaneAi {
  private readonly logger = new Logger(ControlPlaneAi.name);

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
  ) {}

  /** Throws a DomainError that says why there is no answer. */
  async ask({ tenantId, messages, isAllowedByAdmin }: AiQuestion): Promise<AiText> {
    if (this.config.isOffline)
      throw controlPlaneUnreachable('This tenant plane is offline (ATLAS_OFFLINE_MODE=1).');
    const query = {
      [TENANT_PLANE_ID_PARAMETER]: this.identities.current.tenantPlaneId ?? '',
      [ALLOWED_BY_ADMIN_PARAMETER]: String(isAllowedByAdmin),
    };
    const call = { method: 'POST', path: PLANE_PATHS.chatCompletions, query, tenantId } as const;
    try {
      const asked = { ...call, body: { messages }, timeoutMs: TIMEOUT_MS, mustBeSigned: true };
      return textOf(await this.client.call<Completion>(asked));
    } catch (error) {
      throw this.problemOf(error);
    }
  }

  private problemOf(error: unknown): unknown {
    const isRefusal = error instanceof ControlPlaneRefused;
    if (!isRefusal && !(error instanceof ControlPlaneUnreachable)) return error;
    this.logger.warn(`No answer of the AI: ${adviceOn(error, this.config)}`);
    if (isRefusal) return refusedByControlPlane(error);
    const reason = "It can't be reached, or not be trusted: GET /api/integrations/control-plane says why.";
    return controlPlaneUnreachable(reason);
  }
}

function textOf(completion: Completion | null): AiText {
  const text = completion?.choices?.[0]?.message?.content;
  if (typeof text !== 'string' || text.trim() === '') throw aiUnavailable('it answered without a word');
  const { model } = completion ?? {};
  return { text, model: typeof model === 'string' ? model.slice(0, MAX_MODEL_LENGTH) : 'unknown' };
}
