import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { DomainError } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { type ControlPlaneConfig } from '../../config/control-plane.config';
import { AiProvider } from './ai-provider';
import { aiRateLimited, aiRequestRefused, aiTimeout, aiUnavailable } from './ai.errors';
import { Patience } from './patience';

const RETRY_AFTER_SECONDS = '10';

/**
 * Calls `POST <base URL>/chat/completions`
 * (https://platform.openai.com/docs/api-reference/chat) and passes the bytes on as they arrive.
 */
export class OpenAiCompatibleProvider extends AiProvider {
  private readonly logger = new Logger(OpenAiCompatibleProvider.name);

  constructor(private readonly config: ControlPlaneConfig) {
    super();
  }

  async complete(request: ChatCompletionRequest, ended: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { AI_PROVIDER_BASE_URL: base, AI_PROVIDER_MODEL, AI_PROVIDER_TIMEOUT_MS } = this.config;
    if (!base) throw aiUnavailable('no provider is configured on the Control Plane (AI_PROVIDER_BASE_URL)');
    const patience = new Patience(AI_PROVIDER_TIMEOUT_MS, ended);
    const body = JSON.stringify({ ...request, model: request.model ?? AI_PROVIDER_MODEL });
    try {
      const response = await patience.during(
        this.send(`${base.replace(/\/$/, '')}/chat/completions`, body, patience),
      );
      const expected = request.stream ? 'text/event-stream' : 'application/json';
      return this.chunksOf(await bodyOf(response, expected), patience);
    } catch (error) {
      throw this.failureOf(error, patience);
    }
  }

  private send(url: string, body: string, { signal }: Patience): Promise<Response> {
    const { AI_PROVIDER_API_KEY: key } = this.config;
    const headers = {
      'content-type': 'application/json',
      ...(key && { authorization: `Bearer ${key.reveal()}` }),
    };
    return fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
  }

  private async *chunksOf(body: ReadableStream<Uint8Array>, patience: Patience): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    try {
      for (;;) {
        const { done, value } = await patience.during(reader.read());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.failureOf(error, patience);
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  /** Does not pass on the provider's own message, which may quote the API key or the prompts. */
  private failureOf(error: unknown, patience: Patience): DomainError {
    const failure = domainErrorOf(error, patience, this.config.AI_PROVIDER_TIMEOUT_MS / 1000);
    if (!patience.signal.aborted || patience.isOver) this.logger.warn(failure.message);
    return failure;
  }
}

function domainErrorOf(error: unknown, patience: Patience, seconds: number): DomainError {
  if (error instanceof DomainError) return error;
  if (patience.isOver) return aiTimeout(seconds);
  const { code } = (error as { cause?: { code?: string } }).cause ?? {};
  return aiUnavailable(
    `the provider cannot be reached or closed the connection (${code ?? (error as Error).name})`,
  );
}

async function bodyOf(response: Response, expected: string): Promise<ReadableStream<Uint8Array>> {
  const { ok, body, headers } = response;
  if (ok && body && headers.get('content-type')?.startsWith(expected)) return body;
  await body?.cancel();
  throw ok ? aiUnavailable(`the provider did not respond with ${expected}`) : refusalOf(response);
}

function refusalOf({ status, headers }: Response): DomainError {
  if (status === 401 || status === 403)
    return aiUnavailable('the provider rejected the API key (AI_PROVIDER_API_KEY of the Control Plane)');
  if (status === 429) return aiRateLimited(secondsOf(headers.get('retry-after')));
  if (status >= 500) return aiUnavailable(`the provider responded with status ${status}`);
  return aiRequestRefused(status);
}

function secondsOf(retryAfter: string | null): string {
  return retryAfter !== null && /^\d{1,5}$/.test(retryAfter) ? retryAfter : RETRY_AFTER_SECONDS;
}
