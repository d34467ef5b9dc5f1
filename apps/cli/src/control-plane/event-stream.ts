import { type HttpCall, HttpProblem, noAnswerFrom, problemOf } from './http-call';

export interface ServerEvent {
  /** Where to continue after the connection broke. Not every event has one. */
  readonly id?: string;
  readonly type: string;
  readonly data: unknown;
}

/**
 * The planes send a keep-alive every 10 s or more often. Without
 * any for so long, the connection is considered dead.
 */
const SILENCE_MS = 30_000;

/**
 * Yields server-sent events (WHATWG HTML, 9.2) until the stream ends. Throws the same errors as
 * {@link callJson}, and {@link NoAnswer} if the connection breaks or nothing arrives for too long.
 */
export async function* readEvents(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  whySilent?: HttpCall['whySilent'],
): AsyncGenerator<ServerEvent> {
  const silence = new AbortController();
  const watch = setTimeout(() => silence.abort(new Error('nothing arrived for 30 s')), SILENCE_MS);
  try {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body)
      throw problemOf(`GET ${new URL(url).pathname}`, response.status, await response.text());
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      watch.refresh();
      const blocks = (rest + chunk).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) yield* eventIn(block);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof HttpProblem ? error : noAnswerFrom(url, error, whySilent);
  } finally {
    clearTimeout(watch);
  }
}

/** Yields nothing for a comment, such as a keep-alive. */
function* eventIn(block: string): Generator<ServerEvent> {
  const fields = block.split(/\r?\n/).map((line) => /^([^:]+): ?(.*)$/.exec(line)?.slice(1) ?? []);
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  const type = fields.findLast(([name]) => name === 'event')?.[1] ?? 'message';
  const id = fields.findLast(([name]) => name === 'id')?.[1];
  if (data.length > 0) yield { id, type, data: JSON.parse(data.join('\n')) };
}
