import { type ChatCompletionRequest } from '@atlas/plane-contract';

/**
 * Answers questions. Throws every failure, even in the middle
 * of a stream, as a DomainError whose message tenants may see.
 */
export abstract class AiProvider {
  /**
   * Returns the answer in OpenAI's format: server-sent events if `stream` is set, otherwise one JSON
   * document. It reads from the provider only as fast as its caller reads. `ended` aborts the call.
   */
  abstract complete(request: ChatCompletionRequest, ended: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}
