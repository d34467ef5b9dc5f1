import { type ChatMessage } from '@atlas/plane-contract';
import { type AiSource } from '@atlas/tenant-api/ai';

export interface AiQuestion {
  readonly tenantId: string;
  readonly messages: ChatMessage[];
  /** Whether an admin of the tenant has explicitly allowed AI. */
  readonly isAllowedByAdmin: boolean;
  /** Throws if the question is no longer allowed. */
  readonly requireAllowed: () => Promise<void>;
}

/** An answer, or a piece of it. */
export interface AiText {
  readonly text: string;
  readonly model: string;
  readonly source: AiSource;
}

/** Someone who can be asked. */
export interface AiRoute {
  /** Throws a DomainError that says why there is no answer. */
  ask(question: AiQuestion, ended: AbortSignal): Promise<AiText>;
  /** Streams the answer. Throws as `ask` does, even mid-stream. */
  stream(question: AiQuestion, ended: AbortSignal): Promise<AsyncIterable<AiText>>;
}
