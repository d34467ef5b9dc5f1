import { createParser } from 'eventsource-parser';
import { aiUnavailable } from './ai.errors';

/** In characters. Events of an answer are far smaller. */
const LARGEST_EVENT = 262_144;
/** Of a whole answer. A text of 65,536 characters, each in an event of its own, may be this large. */
export const MAX_STREAM_BYTES = 33_554_432;

/**
 * Yields the data of each server-sent event in one piece
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html). Throws `ai_unavailable` if an event or
 * the whole answer is too large.
 */
export async function* eventData(parts: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const events: string[] = [];
  let isTooLarge = false;
  let bytes = 0;
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent: ({ data }) => events.push(data),
    onError: ({ type }) => (isTooLarge ||= type === 'max-buffer-size-exceeded'),
    maxBufferSize: LARGEST_EVENT,
  });
  for await (const part of parts) {
    parser.feed(decoder.decode(part, { stream: true }));
    if (isTooLarge || (bytes += part.length) > MAX_STREAM_BYTES)
      throw aiUnavailable("the AI's answer is too large");
    yield* events.splice(0);
  }
}
