import { type EventEmitter } from 'node:events';

/**
 * npm repeats a signal that the terminal sent to the whole group. A person takes longer to press Ctrl-C
 * again.
 */
const SAME_WISH_MS = 1000;

export interface StopWishes {
  first(): void;
  /** Called if the process is asked to stop again before it has stopped. */
  again(): void;
}

/** Calls back when a process is asked to stop by a signal, or when its parent exits. */
export function onStopWish({ first, again }: StopWishes, self: EventEmitter = process): void {
  let firstAt: number | undefined;
  const wish = (): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      first();
    } else if (now - firstAt > SAME_WISH_MS) again();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) self.on(signal, wish);
  self.once('disconnect', () => {
    if (firstAt === undefined) wish();
  });
}
