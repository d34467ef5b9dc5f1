import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { type Secret } from '@atlas/platform';
import { type Heard } from '../credits/question-cost';

/** The longest answer, and the longest event of a stream, in bytes. */
export const MAX_ANSWER_BYTES = 2_097_152;
/** Events say each piece of text with about 150 bytes around it. */
export const MAX_RESPONSE_BYTES = 16 * MAX_ANSWER_BYTES;

export interface AiTarget {
  readonly baseUrl: string;
  readonly key: Secret | null;
  readonly request: ChatCompletionRequest & { readonly model: string };
  readonly signal: AbortSignal;
}

/** A part of an answer, in the order of its arrival. */
export interface AnswerPart extends Heard {
  /**
   * A JSON document in OpenAI's format: an event of a stream, or the whole answer. Null if the part is not
   * for the caller, or will be in the whole answer.
   */
  readonly data: string | null;
}

/** The provider has accepted the question, and its answer has not begun. */
export const SIGN_OF_LIFE: AnswerPart = { data: null, textBytes: 0, usage: null, isSign: true };

/** Speaks the protocol of one kind of provider. */
export abstract class AiKind {
  /**
   * Yields the answer in OpenAI's format, and reads it only as fast as it is consumed. Also yields what
   * arrives of an answer that is not streamed, so that its cost and its progress are known. Throws a
   * {@link ProviderFailure}, or whatever the connection throws. Never logs or throws what was said.
   */
  abstract ask(target: AiTarget): AsyncGenerator<AnswerPart, void>;
}
