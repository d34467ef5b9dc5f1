import { useSyncExternalStore } from 'react';

/** Answers that may name a time after which the same call can work. */
const BUSY: readonly number[] = [429, 503];
const LONGEST_READ_MS = 300_000;
/** In all. Whoever saves waits no longer. */
const LONGEST_SAVE_MS = 20_000;

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

/**
 * Like fetch, but repeats a call when the server says so (`Retry-After`), if the call cannot happen twice: if
 * it reads, or has a key.
 */
export async function patientFetch(request: Request): Promise<Response> {
  const isRead = request.method === 'GET';
  if (!isRead && !request.headers.has('Idempotency-Key')) return fetch(request);
  let leftMs = isRead ? LONGEST_READ_MS : LONGEST_SAVE_MS;
  try {
    for (;;) {
      const response = await fetch(request.clone());
      const waitMs = retryAfterOf(response);
      if (waitMs === null || waitMs > leftMs) return response;
      // Reads are repeated for as long as the server says so.
      if (!isRead) leftMs -= waitMs;
      waits.set(request, Date.now() + waitMs);
      tell();
      await pause(waitMs, request.signal);
    }
  } finally {
    if (waits.delete(request)) tell();
  }
}

/** In milliseconds. Null: the answer asks for no repetition. */
function retryAfterOf({ status, headers }: Response): number | null {
  const seconds = headers.get('Retry-After') ?? '';
  return BUSY.includes(status) && /^\d+$/.test(seconds) ? 1000 * Number(seconds) : null;
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
