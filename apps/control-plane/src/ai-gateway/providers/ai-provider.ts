import { type ChatCompletionRequest } from '@atlas/plane-contract';

/**
 * Answers tenants' questions. Throws every failure, even in the
 * middle of a stream, as a DomainError whose message tenants may see.
 */
export abstract class AiProvider {
  /**
   * Returns the response in OpenAI's format: server-sent events if `stream` is set, otherwise one
   * JSON document. Reads from the provider only as fast as the caller reads. `ended` aborts the call.
   */
  abstract complete(request: ChatCompletionRequest, ended: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}
