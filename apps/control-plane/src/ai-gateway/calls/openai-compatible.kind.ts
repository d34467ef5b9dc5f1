import { createParser } from 'eventsource-parser';
import { type Dispatcher, request } from 'undici';
import {
  AiKind,
  type AiTarget,
  type AnswerPart,
  MAX_ANSWER_BYTES,
  MAX_RESPONSE_BYTES,
  SIGN_OF_LIFE,
} from './ai-kind';
import { AssembledAnswer } from './assembled-answer';
import { type Completion, measured, parsed } from './openai-format';
import { type ProviderConnections } from './provider-connections';
import { notAnAnswer } from './provider-failure';
import { refusalOf } from './refusals';

type Body = Dispatcher.ResponseData['body'];

/** An error message that is longer is not read. */
const MAX_REFUSAL_BYTES = 16_384;
const EVENTS = 'text/event-stream';
const DOCUMENT = 'application/json';

interface Answer {
  readonly type: typeof EVENTS | typeof DOCUMENT;
  readonly body: Body;
}

/**
 * `POST <base URL>/chat/completions` (https://platform.openai.com/docs/api-reference/chat), always streamed.
 * Thus, the provider shows that it works on a long answer, whether the caller wants to see it grow or not.
 */
export class OpenAiCompatible extends AiKind {
  constructor(private readonly connections: ProviderConnections) {
    super();
  }

  async *ask(target: AiTarget): AsyncGenerator<AnswerPart, void> {
    const { type, body } = await this.send(target);
    try {
      yield SIGN_OF_LIFE;
      if (type === DOCUMENT) return yield await wholeOf(body);
      const whole = target.request.stream ? null : new AssembledAnswer();
      // Not delegated to another generator, which would cost time for each event.
      const events = new EventsOfAnswer();
      for await (const bytes of body as AsyncIterable<Buffer>)
        for (const data of events.in(bytes)) {
          if (data === '[DONE]') {
            if (whole) yield { data: whole.toString(), textBytes: 0, usage: null };
            return;
          }
          const chunk = parsed(data, 'the provider sent a malformed event');
          whole?.add(chunk);
          yield { data: whole || !isForCaller(chunk) ? null : data, ...measured(chunk) };
        }
      throw notAnAnswer("the provider's stream was cut off");
    } finally {
      // Closes the connection of an answer that was not read to its end.
      body.on('error', () => undefined).destroy();
    }
  }

  private async send({ baseUrl, key, request: asked, signal }: AiTarget): Promise<Answer> {
    const url = `${baseUrl.replace(/\/$/, '')}/chat/completions`;
    const { statusCode, headers, body } = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key && { authorization: `Bearer ${key.reveal()}` }),
      },
      body: JSON.stringify({ ...asked, stream: true, stream_options: { include_usage: true } }),
      dispatcher: this.connections.to(url),
      signal,
    });
    // Some providers do not stream. Their answers are of use to callers who did not ask for a stream.
    const expected: readonly Answer['type'][] = asked.stream ? [EVENTS] : [EVENTS, DOCUMENT];
    const type = expected.find((one) => String(headers['content-type']).startsWith(one));
    if (statusCode === 200 && type) return { type, body };
    const said = statusCode === 200 ? null : await refusalIn(body);
    body.on('error', () => undefined).destroy();
    if (statusCode === 200) throw notAnAnswer(`the provider did not respond with ${expected.join(' or ')}`);
    const retryAfter = headers['retry-after']?.toString() ?? null;
    throw refusalOf({ status: statusCode, retryAfter, body: said });
  }
}

/** Null if it is too long, or not JSON. */
async function refusalIn(body: Body): Promise<unknown> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (Buffer.concat(chunks).length > MAX_REFUSAL_BYTES) return null;
    }
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return null;
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
  private bytes = 0;
  private readonly decoder = new TextDecoder();
  private readonly parser = createParser({
    onEvent: ({ data }) => this.events.push(data),
    onError: ({ type }) => (this.isTooLong ||= type === 'max-buffer-size-exceeded'),
    maxBufferSize: MAX_ANSWER_BYTES,
  });

  /** The data of the events that end in `bytes`. */
  in(bytes: Buffer): string[] {
    if ((this.bytes += bytes.length) > MAX_RESPONSE_BYTES)
      throw notAnAnswer("the provider's response is too long");
    this.parser.feed(this.decoder.decode(bytes, { stream: true }));
    if (this.isTooLong) throw notAnAnswer('an event of the provider is too long');
    return this.events.splice(0);
  }
}

/** The gateway always asks for the usage, which many callers do not expect. */
function isForCaller({ choices, usage }: Completion): boolean {
  return choices.length > 0 || !usage;
}
