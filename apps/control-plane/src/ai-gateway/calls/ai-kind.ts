import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { type Secret } from '@atlas/platform';
import { type TokenCounts } from '../credits/token-counts';

/** The longest answer, and the longest event of a stream, in bytes. */
export const MAX_ANSWER_BYTES = 2_097_152;

export interface AiTarget {
  readonly baseUrl: string;
  readonly key: Secret | null;
  readonly request: ChatCompletionRequest & { readonly model: string };
  readonly signal: AbortSignal;
}

/** A part of an answer. An answer that is not streamed has only one. */
export interface AnswerPart {
  /** A JSON document in OpenAI's format. Null if the part is not for the caller. */
  readonly data: string | null;
  readonly textBytes: number;
  /** What the provider says the whole question has used. */
  readonly usage: TokenCounts | null;
}

/** Speaks the protocol of one kind of provider. */
export abstract class AiKind {
  /**
   * Yields the answer in OpenAI's format, and reads it only as fast as it is consumed. Throws a
   * {@link ProviderFailure}, or whatever the connection throws. Never logs or throws what was said.
   */
  abstract ask(target: AiTarget): AsyncGenerator<AnswerPart, void>;
}
