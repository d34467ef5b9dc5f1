import {
  type MessageDeltaUsage,
  type RawMessageStreamEvent,
  type Usage,
} from '@anthropic-ai/sdk/resources/messages';
import { type Clock } from '@atlas/platform';
import { type TokenCounts, countsOf } from '../credits/token-counts';
import { AiKind, type AiTarget, type AnswerPart, MAX_ANSWER_BYTES, SIGN_OF_LIFE } from './ai-kind';
import { finishReasonOf, messagesRequestOf } from './anthropic-format';
import { limitedFetch } from './limited-fetch';
import { type ProviderConnections } from './provider-connections';
import { ProviderFailure, notAnAnswer, unreachable } from './provider-failure';
import { refusalOf } from './refusals';

/** The gateway has its own limits. This one only has to be longer. */
const NO_TIMEOUT_MS = 3_600_000;

type AnthropicSdk = (typeof import('@anthropic-ai/sdk', {
  with: { 'resolution-mode': 'import' },
}))['default'];

/** What is known of an answer so far. */
interface Progress {
  id: string;
  model: string;
  usage: TokenCounts | null;
  text: string;
  finish: string;
  isComplete: boolean;
}

/** `POST <base URL>/v1/messages` (https://platform.claude.com/docs/en/api/messages), always streamed. */
export class AnthropicMessages extends AiKind {
  constructor(
    private readonly connections: ProviderConnections,
    private readonly clock: Clock,
  ) {
    super();
  }

  async *ask(target: AiTarget): AsyncGenerator<AnswerPart, void> {
    const isStream = target.request.stream === true;
    const progress: Progress = {
      id: '',
      model: target.request.model,
      usage: null,
      text: '',
      finish: 'stop',
      isComplete: false,
    };
    for await (const event of this.events(target)) {
      if (event === 'accepted') {
        yield SIGN_OF_LIFE;
        continue;
      }
      const text = follow(progress, event);
      if (event.type === 'message_start') yield { ...SIGN_OF_LIFE, usage: progress.usage };
      const isFirst = isStream && progress.text === '';
      progress.text += text;
      if (progress.text.length > MAX_ANSWER_BYTES) throw notAnAnswer("the provider's response is too long");
      if (text !== '')
        yield isStream
          ? this.chunk(progress, { ...(isFirst && { role: 'assistant' }), content: text })
          : { data: null, textBytes: Buffer.byteLength(text), usage: null };
    }
    if (!progress.isComplete) throw notAnAnswer("the provider's stream was cut off");
    yield isStream ? this.chunk(progress, {}, progress.finish) : this.whole(progress);
  }

  private async *events({
    baseUrl,
    key,
    request,
    signal,
  }: AiTarget): AsyncGenerator<'accepted' | RawMessageStreamEvent> {
    // Loading the SDK would delay every start of the Control Plane.
    const { default: Sdk } = await import('@anthropic-ai/sdk');
    const client = new Sdk({
      apiKey: key?.reveal() ?? '',
      baseURL: baseUrl.replace(/\/$/, ''),
      // The gateway has the only retry loop.
      maxRetries: 0,
      timeout: NO_TIMEOUT_MS,
      fetch: limitedFetch(this.connections.to(baseUrl)),
      // Otherwise, the client logs events that it cannot parse, and so what was answered.
      logLevel: 'off',
      openTelemetry: false,
    });
    try {
      const asked = { ...messagesRequestOf(request), stream: true } as const;
      const events = await client.messages.create(asked, { signal });
      yield 'accepted';
      yield* events;
    } catch (error) {
      throw failureOf(error, Sdk);
    }
  }

  private chunk(progress: Progress, delta: object, finish: string | null = null): AnswerPart {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    const { content = '' } = delta as { content?: string };
    const data = JSON.stringify({ ...this.frame(progress, 'chat.completion.chunk'), choices });
    return { data, textBytes: Buffer.byteLength(content), usage: finish === null ? null : progress.usage };
  }

  private whole(progress: Progress): AnswerPart {
    const { text, usage, finish } = progress;
    const message = { role: 'assistant', content: text };
    const data = JSON.stringify({
      ...this.frame(progress, 'chat.completion'),
      choices: [{ index: 0, message, finish_reason: finish }],
      ...(usage && { usage: usageInOpenAiFormat(usage) }),
    });
    return { data, textBytes: 0, usage };
  }

  private frame({ id, model }: Progress, object: string): object {
    return { id, object, created: Math.floor(this.clock.now().getTime() / 1000), model };
  }
}

/** Returns the text that the event adds. */
function follow(progress: Progress, event: RawMessageStreamEvent): string {
  if (event.type === 'message_start') {
    const { id, model, usage } = event.message;
    Object.assign(progress, { id, model, usage: countsIn(usage, null) });
  }
  if (event.type === 'message_delta') {
    progress.finish = finishReasonOf(event.delta.stop_reason);
    progress.usage = countsIn(event.usage, progress.usage);
  }
  if (event.type === 'message_stop') progress.isComplete = true;
  if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') return '';
  return event.delta.text;
}

/** `message_delta` repeats all counts, except that older versions only count the output. */
function countsIn(
  usage: Usage | MessageDeltaUsage | undefined,
  before: TokenCounts | null,
): TokenCounts | null {
  if (!usage) return before;
  const { input_tokens: input, cache_creation_input_tokens: written, cache_read_input_tokens: read } = usage;
  const prompt =
    input === null || input === undefined ? before?.prompt : input + (written ?? 0) + (read ?? 0);
  return countsOf(prompt, usage.output_tokens) ?? before;
}

function usageInOpenAiFormat({ prompt, completion }: TokenCounts): object {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function retryAfterOf(headers: Headers | undefined): string | null {
  return headers?.get('retry-after') ?? null;
}

function failureOf(error: unknown, Sdk: AnthropicSdk): ProviderFailure {
  if (error instanceof ProviderFailure) return error;
  if (error instanceof Sdk.APIConnectionError) return unreachable(error);
  if (error instanceof Sdk.APIError && typeof error.status === 'number')
    return refusalOf({ status: error.status, retryAfter: retryAfterOf(error.headers), body: error.error });
  // An `error` event of the stream, such as overloaded_error.
  if (error instanceof Sdk.APIError) return notAnAnswer('the provider reported an error');
  if (error instanceof SyntaxError) return notAnAnswer('the provider sent a malformed event');
  return unreachable(error);
}
