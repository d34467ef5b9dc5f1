import { once } from 'node:events';
import { type ServerResponse } from 'node:http';
import { type FastifyReply } from 'fastify';
import { DomainError } from '../errors/errors';
import { Sent } from './sent';
import { whenClosed } from './when-answering';

/** Aborted when the caller disconnects or has received the whole response. */
export function callerGone({ raw, request }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const end = (): void => gone.abort();
  if (raw.destroyed) end();
  else raw.once('close', end);
  gone.signal.addEventListener('abort', whenClosed(request.raw.socket, end), { once: true });
  return gone.signal;
}

/** A client that reads nothing for this long does not read at all. */
const STALLED_AFTER_MS = 30_000;

/**
 * Sends server-sent events, no faster than the client reads them. If `events` fails, the failure is sent as
 * the last event, formatted by `lastWords`, unless `ended` is aborted. A client that reads nothing for
 * `stalledAfterMs` milliseconds is disconnected, so that it does not hold on to what the events cost.
 */
export async function sendEventStream(
  reply: FastifyReply,
  events: AsyncIterable<Uint8Array | string>,
  ended: AbortSignal,
  lastWords: (failure: { readonly code: string; readonly detail: string }) => string,
  stalledAfterMs = STALLED_AFTER_MS,
): Promise<Sent<never>> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    connection: 'close',
  });
  raw.flushHeaders();
  try {
    for await (const event of events) if (!raw.write(event)) await drained(raw, ended, stalledAfterMs);
  } catch (error) {
    // A client that has stopped reading would not see the failure, but would delay the shutdown.
    if (raw.writableNeedDrain) raw.destroy();
    else if (!ended.aborted) raw.write(lastWords(failureOf(error)));
  }
  raw.end();
  return new Sent();
}

async function drained(raw: ServerResponse, ended: AbortSignal, withinMs: number): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), withinMs);
  try {
    await once(raw, 'drain', { signal: AbortSignal.any([ended, stalled.signal]) });
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(error: unknown): { readonly code: string; readonly detail: string } {
  if (error instanceof DomainError) return { code: error.code, detail: error.message };
  return { code: 'internal_error', detail: 'Something went wrong on our side.' };
}
