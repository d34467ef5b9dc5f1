import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { OutboundCalls } from '../egress/outbound-calls';
import { type OutboundRequest } from '../outbound/outbound-request';
import { AiEndpoints, type OwnEndpoint } from './ai-endpoints';
import { type AiQuestion, type AiRoute, type AiText } from './ai-question';
import { ownEndpointFailed } from './ai.errors';
import { type CompletionText, parsed, textOf, textsOf } from './completion';
import { MAX_STREAM_BYTES } from './event-data';

const MAX_BYTES = 1_048_576;
const CLASS = 'ai_own_endpoint';
const SOURCE = 'own_endpoint';

/** Asks the AI that a tenant runs or pays for itself, in OpenAI's protocol and without repetition. */
@Injectable()
export class OwnEndpointAi {
  constructor(
    private readonly calls: OutboundCalls,
    private readonly endpoints: AiEndpoints,
  ) {}

  at(endpoint: OwnEndpoint): AiRoute {
    return {
      ask: (question, ended) => this.ask(question, endpoint, ended),
      stream: (question, ended) => this.stream(question, endpoint, ended),
    };
  }

  private async ask(question: AiQuestion, endpoint: OwnEndpoint, ended: AbortSignal): Promise<AiText> {
    try {
      const request = await this.requestFor(question, endpoint, { stream: false, ended });
      const { status, headers, body } = await this.calls.fetch(CLASS, request);
      requireOk(status, headers);
      return answered(textOf(parsed(body.toString())), endpoint);
    } catch (error) {
      throw await problemOf(error, question, ended);
    }
  }

  private async stream(
    question: AiQuestion,
    endpoint: OwnEndpoint,
    ended: AbortSignal,
  ): Promise<AsyncIterable<AiText>> {
    try {
      const request = await this.requestFor(question, endpoint, { stream: true, ended });
      const { status, headers, parts } = await this.calls.stream(CLASS, request);
      requireOk(status, headers);
      return this.pieces(parts, question, { endpoint, ended });
    } catch (error) {
      throw await problemOf(error, question, ended);
    }
  }

  private async *pieces(
    parts: AsyncIterable<Uint8Array>,
    question: AiQuestion,
    { endpoint, ended }: { readonly endpoint: OwnEndpoint; readonly ended: AbortSignal },
  ): AsyncGenerator<AiText> {
    try {
      const failed = (): Error => ownEndpointFailed('it reported an error during its answer');
      for await (const text of textsOf(parts, failed)) yield answered(text, endpoint);
    } catch (error) {
      throw await problemOf(error, question, ended);
    }
  }

  /** The last thing before the call is to ask whether the question is still allowed. */
  private async requestFor(
    question: AiQuestion,
    endpoint: OwnEndpoint,
    { stream, ended }: { readonly stream: boolean; readonly ended: AbortSignal },
  ): Promise<OutboundRequest> {
    const { tenantId, messages } = question;
    const { baseUrl, model, timeoutMs } = endpoint;
    const key = await this.endpoints.keyOf(tenantId, endpoint);
    await question.requireAllowed();
    return {
      method: 'POST',
      url: `${baseUrl.replace(/\/$/, '')}/chat/completions`,
      headers: {
        accept: stream ? 'text/event-stream' : 'application/json',
        'content-type': 'application/json',
        ...(key && { authorization: `Bearer ${key.reveal()}` }),
      },
      body: JSON.stringify({ model, messages, stream }),
      timeoutMs,
      maxBytes: stream ? MAX_STREAM_BYTES : MAX_BYTES,
      signal: ended,
    };
  }
}

function answered({ text, model }: CompletionText, endpoint: OwnEndpoint): AiText {
  return { text, model: model === 'unknown' ? endpoint.model : model, source: SOURCE };
}

/** The body of a refusal is not told, because it may repeat the key. */
function requireOk(status: number, headers: Readonly<Record<string, string>>): void {
  if (status === 200) return;
  if (status === 401 || status === 403) throw ownEndpointFailed(`it refuses the stored key (${status})`);
  if (status !== 429) throw ownEndpointFailed(`it answered with the status ${status}`);
  const after = headers['retry-after'];
  const retry: Record<string, string> = /^\d{1,6}$/.test(after ?? '') ? { 'retry-after': String(after) } : {};
  throw ownEndpointFailed('it is at its limit', {
    code: 'ai_rate_limited',
    kind: 'too_many',
    headers: retry,
  });
}

async function problemOf(error: unknown, question: AiQuestion, ended: AbortSignal): Promise<unknown> {
  if (ended.aborted) {
    await question.requireAllowed();
    return ownEndpointFailed('nobody waits for the answer any more');
  }
  if (!(error instanceof DomainError) || !/^(outbound|address)_/.test(error.code)) return error;
  const reason = error.message.replace(/\.$/, '');
  return ownEndpointFailed(reason, error.code === 'outbound_timeout' ? { code: 'ai_timeout' } : {});
}
