import { useSyncExternalStore } from 'react';

/** Answers that may name a time after which the same call can work. */
const BUSY: readonly number[] = [429, 503];
/** A call waits no longer in all: then the page says what is wrong. A stream pauses no longer at a time. */
const LONGEST_MS = 30_000;
const SHORTEST_PAUSE_MS = 1000;
const STREAM = 'text/event-stream';

/** When calls that wait are repeated. */
const waits = new Map<Request, number>();
const listeners = new Set<() => void>();

/** When the page tries again what the server had no time for, in milliseconds. Null: nothing waits. */
export function useNextTry(): number | null {
  return useSyncExternalStore(listen, nextTry);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function nextTry(): number | null {
  return waits.size === 0 ? null : Math.min(...waits.values());
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** Counts the times that somebody signed in or out. */
let users = 0;

/** Nothing that waits is repeated any more, because it would be sent as somebody else. */
export function giveUpWaiting(): void {
  users += 1;
}

/** Like fetch, but repeats a read when the server says so (`Retry-After`). */
export function patientRead(request: Request): Promise<Response> {
  return request.method === 'GET' ? patientFetch(request) : fetch(request);
}

/**
 * Repeats a call when the server says so. Use it for a call that has an idempotency key, and that nobody can
 * call off, such as by closing a dialog: it may still be sent seconds later.
 */
export async function patientFetch(request: Request): Promise<Response> {
  const end = Date.now() + LONGEST_MS;
  const asked = users;
  try {
    for (;;) {
      const response = await fetch(request.clone());
      const waitMs = retryAfterOf(response);
      if (waitMs === null || Date.now() + waitMs > end) return response;
      waits.set(request, Date.now() + waitMs);
      tell();
      await pause(waitMs, request.signal);
      if (asked !== users) return response;
    }
  } finally {
    if (waits.delete(request)) tell();
  }
}

/**
 * EventSource does not say why a stream was refused, so this asks the same again. Returns after how many
 * milliseconds to open it again. Null: it is refused for good.
 */
export async function pauseBeforeStream(url: string, signal: AbortSignal): Promise<number | null> {
  // A redirect leads to another origin, which the page must not call.
  const response = await fetch(url, { headers: { accept: STREAM }, redirect: 'manual', signal });
  void response.body?.cancel();
  const isOpen = response.ok && response.headers.get('content-type')?.startsWith(STREAM) === true;
  if (isOpen) return SHORTEST_PAUSE_MS;
  const pauseMs = retryAfterOf(response);
  return pauseMs === null ? null : Math.min(pauseMs, LONGEST_MS);
}

/** In milliseconds. Null: the answer asks for no repetition. */
function retryAfterOf({ status, headers }: Response): number | null {
  const seconds = headers.get('Retry-After') ?? '';
  if (!BUSY.includes(status) || !/^\d+$/.test(seconds)) return null;
  return Math.max(1000 * Number(seconds), SHORTEST_PAUSE_MS);
}

/** Ends early if the call is given up. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      done();
    });
  });
}
