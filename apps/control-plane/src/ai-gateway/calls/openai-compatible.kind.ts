import { createParser } from 'eventsource-parser';
import { type Dispatcher, request } from 'undici';
import { type TokenCounts } from '../credits/token-counts';
import { AiKind, type AiTarget, type AnswerPart, MAX_ANSWER_BYTES } from './ai-kind';
import { type ProviderConnections } from './provider-connections';
import { notAnAnswer, refusalOf } from './provider-failure';

type Body = Dispatcher.ResponseData['body'];

type Usage = Readonly<Partial<Record<'prompt_tokens' | 'completion_tokens' | 'total_tokens', unknown>>>;

/** The fields that are read from an answer or a chunk of it. */
interface Completion {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: unknown };
    readonly message?: { readonly content?: unknown };
  }[];
  readonly usage?: Usage | null;
}

/** `POST <base URL>/chat/completions` (https://platform.openai.com/docs/api-reference/chat). */
export class OpenAiCompatible extends AiKind {
  constructor(private readonly connections: ProviderConnections) {
    super();
  }

  async *ask(target: AiTarget): AsyncGenerator<AnswerPart, void> {
    const body = await this.send(target);
    try {
      if (target.request.stream !== true) return yield await wholeOf(body);
      // Not delegated to another generator, which would cost time for each event.
      const events = new EventsOfAnswer();
      for await (const bytes of body as AsyncIterable<Buffer>)
        for (const data of events.in(bytes)) {
          if (data === '[DONE]') return;
          yield partOf(data);
        }
      throw notAnAnswer("the provider's stream was cut off");
    } finally {
      // Closes the connection of an answer that was not read to its end.
      body.on('error', () => undefined).destroy();
    }
  }

  private async send({ baseUrl, key, request: asked, signal }: AiTarget): Promise<Body> {
    const url = `${baseUrl.replace(/\/$/, '')}/chat/completions`;
    const { statusCode, headers, body } = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key && { authorization: `Bearer ${key.reveal()}` }),
      },
      body: JSON.stringify(asked.stream ? { ...asked, stream_options: { include_usage: true } } : asked),
      dispatcher: this.connections.to(url),
      signal,
    });
    const expected = asked.stream ? 'text/event-stream' : 'application/json';
    if (statusCode === 200 && String(headers['content-type']).startsWith(expected)) return body;
    body.on('error', () => undefined).destroy();
    if (statusCode === 200) throw notAnAnswer(`the provider did not respond with ${expected}`);
    throw refusalOf(statusCode, headers['retry-after']?.toString() ?? null);
  }
}

async function wholeOf(body: Body): Promise<AnswerPart> {
  const [chunks, size] = [[] as Buffer[], { bytes: 0 }];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if ((size.bytes += chunk.length) > MAX_ANSWER_BYTES)
      throw notAnAnswer("the provider's response is too long");
    chunks.push(chunk);
  }
  const data = Buffer.concat(chunks).toString();
  const completion = parsed(data, "the provider's response is not a completion in JSON");
  return { data, ...measured(completion) };
}

/** Parses server-sent events. */
class EventsOfAnswer {
  private readonly events: string[] = [];
  private isTooLong = false;
  private readonly decoder = new TextDecoder();
  private readonly parser = createParser({
    onEvent: ({ data }) => this.events.push(data),
    onError: ({ type }) => (this.isTooLong ||= type === 'max-buffer-size-exceeded'),
    maxBufferSize: MAX_ANSWER_BYTES,
  });

  /** The data of the events that end in `bytes`. */
  in(bytes: Buffer): string[] {
    this.parser.feed(this.decoder.decode(bytes, { stream: true }));
    if (this.isTooLong) throw notAnAnswer('an event of the provider is too long');
    return this.events.splice(0);
  }
}

function partOf(data: string): AnswerPart {
  const chunk = parsed(data, 'the provider sent a malformed event');
  const isForCaller = chunk.choices?.length !== 0 || !chunk.usage;
  return { data: isForCaller ? data : null, ...measured(chunk) };
}

/** Without `choices`, it is an error message, or not of this protocol. */
function parsed(data: string, complaint: string): Completion {
  try {
    const completion = JSON.parse(data) as Completion | null;
    if (Array.isArray(completion?.choices)) return completion;
  } catch {
    // Not JSON. The parser's own message would quote the text.
  }
  throw notAnAnswer(complaint);
}

function measured({ choices = [], usage }: Completion): Omit<AnswerPart, 'data'> {
  const texts = choices.map((choice) => choice?.message?.content ?? choice?.delta?.content);
  const textBytes = texts.reduce<number>(
    (bytes, text) => bytes + (typeof text === 'string' ? Buffer.byteLength(text) : 0),
    0,
  );
  return { textBytes, usage: usage ? usageOf(usage) : null };
}

/** Some providers count the tokens of a model's thinking only in the total. */
function usageOf(usage: Usage): TokenCounts | null {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  const counts = countsOf(prompt, completion);
  if (!counts || !isCount(total)) return counts;
  return { ...counts, completion: Math.max(counts.completion, total - counts.prompt) };
}

const MOST_TOKENS = 1_000_000_000;

/** Null unless both are plausible counts. */
export function countsOf(prompt: unknown, completion: unknown): TokenCounts | null {
  return isCount(prompt) && isCount(completion) ? { prompt, completion } : null;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_TOKENS;
}
