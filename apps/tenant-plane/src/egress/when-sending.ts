import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';

/** What Node's `fetch` publishes: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
interface Published {
  readonly request: object;
}

const calls = new AsyncLocalStorage<() => void>();
const callbacks = new WeakMap<object, () => void>();

subscribe('undici:request:create', (message) => {
  const onSending = calls.getStore();
  if (onSending) callbacks.set((message as Published).request, onSending);
});
subscribe('undici:client:sendHeaders', (message) => callbacks.get((message as Published).request)?.());

/**
 * Calls `onSending`, which must not throw, right before the request is written to an open connection, and
 * again if `fetch` repeats the request on another connection. If it is never called, nothing was sent.
 */
export async function whenSending(onSending: () => void, send: () => Promise<Response>): Promise<Response> {
  let isSent = false;
  const note = (): void => {
    isSent = true;
    onSending();
  };
  const response = await calls.run(note, send);
  // Whoever responds has received something, even if a version of Node publishes nothing.
  if (!isSent) onSending();
  return response;
}
