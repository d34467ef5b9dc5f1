import { useEffect, useRef, useState } from 'react';
import { pauseBeforeStream } from '../api/patience';

/** `over`: the stream is complete, or cannot be opened any more, for example after the session has ended. */
export type LiveState = 'connecting' | 'live' | 'over';

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 15_000;

/**
 * Follows a stream of server-sent events. `onEvent` gets each event's name and data. Returning `true` ends
 * the stream, so that the browser does not reconnect to a stream that is complete. Names must not include
 * `error`, which is the name of EventSource's own event; an `error` event of the server has data and is
 * passed on.
 */
export function useEvents(
  url: string | null,
  names: readonly string[],
  onEvent: (name: string, data: unknown) => boolean,
): LiveState {
  const [state, setState] = useState<LiveState>('connecting');
  const listener = useRef(onEvent);
  useEffect(() => {
    listener.current = onEvent;
  });
  const list = names.join(' ');
  useEffect(() => {
    if (url === null) return;
    const left = new AbortController();
    let source: EventSource;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retryMs = FIRST_RETRY_MS;
    const hear = (name: string, data: string): void => {
      if (!listener.current(name, JSON.parse(data))) return;
      source.close();
      setState('over');
    };
    const reopen = (atLeastMs = 0): void => {
      timer = setTimeout(open, Math.max(atLeastMs, retryMs));
      retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
    };
    /** The server may only have been busy. */
    const reopenIfAsked = async (): Promise<void> => {
      try {
        const pauseMs = await pauseBeforeStream(url, left.signal);
        if (left.signal.aborted) return;
        if (pauseMs === null) setState('over');
        else reopen(pauseMs);
      } catch {
        if (!left.signal.aborted) reopen();
      }
    };
    const open = (): void => {
      source = new EventSource(url);
      source.onopen = () => {
        retryMs = FIRST_RETRY_MS;
        setState('live');
      };
      source.onerror = (event) => {
        if (event instanceof MessageEvent && typeof event.data === 'string') {
          hear('error', event.data);
          return;
        }
        // A refusal closes the source for good. Anything else is tried again here, with growing pauses.
        const isRefused = source.readyState === EventSource.CLOSED;
        source.close();
        setState('connecting');
        if (isRefused) void reopenIfAsked();
        else reopen();
      };
      for (const name of list.split(' '))
        source.addEventListener(name, ({ data }: MessageEvent<string>) => hear(name, data));
    };
    open();
    return () => {
      left.abort();
      clearTimeout(timer);
      source.close();
    };
  }, [url, list]);
  return state;
}
