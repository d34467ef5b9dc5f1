import { type ChatCompletionRequest } from '@atlas/plane-contract';

/**
 * Who answers. Failures are thrown as a DomainError whose words a tenant may read, the ones on the way too.
 */
export abstract class AiProvider {
  /**
   * The answer in OpenAI's form: server-sent events when `stream` is set, else one JSON document. What is not
   * read is not fetched; `ended` aborts the call.
   */
  abstract complete(request: ChatCompletionRequest, ended: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}
