import { once } from 'node:events';
import { DomainError } from '@atlas/platform';
import { type FastifyReply } from 'fastify';

/** Passes server-sent events on, no faster than they are read. What fails on the way is told as the last of them. */
export async function sendEventStream(
  reply: FastifyReply,
  events: AsyncIterable<Uint8Array>,
  ended: AbortSignal,
): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    connection: 'close',
  });
  raw.flushHeaders();
  try {
    for await (const chunk of events) if (!raw.write(chunk)) await once(raw, 'drain', { signal: ended });
  } catch (error) {
    // Who does not read would not see it, and holds the process up.
    if (raw.writableNeedDrain) raw.destroy();
    else raw.write(`data: ${JSON.stringify({ error: errorOf(error) })}\n\n`);
  }
  raw.end();
}

/** As OpenAI writes errors. */
function errorOf(error: unknown): object {
  const { code, message } =
    error instanceof DomainError
      ? error
      : { code: 'internal_error', message: 'Something failed on our side.' };
  return { code, message, type: code };
}
