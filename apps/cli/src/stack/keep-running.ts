import { setTimeout as delay } from 'node:timers/promises';
import { RestartPace } from './restart-pace';

export interface Ending {
  /** Says how it ended. */
  readonly exited: Promise<string>;
}

interface Timers {
  /** In milliseconds from some moment. */
  now(): number;
  /** Resolves after that time, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<unknown>;
}

export interface KeepRunning {
  start(): Promise<Ending>;
  /** Called after each end to ask whether to restart; `waitMs` says when that would be. */
  isWantedAgain(how: string, waitMs: number): boolean;
  readonly signal: AbortSignal;
  readonly timers?: Timers;
}

const hasFailed = ({ message }: Error): Ending => ({
  exited: Promise.resolve(`while starting: ${message}`),
});

const SYSTEM_TIMERS: Timers = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

/**
 * Restarts a process each time it ends, until it is no longer wanted or the signal aborts. A failed start
 * counts as an end: its cause, such as a full disk, may be gone next time.
 */
export async function keepRunning(
  first: Ending,
  { start, isWantedAgain, signal, timers = SYSTEM_TIMERS }: KeepRunning,
): Promise<void> {
  const pace = new RestartPace();
  for (let running = first; ; running = await start().catch(hasFailed)) {
    const startedAt = timers.now();
    const how = await running.exited;
    if (signal.aborted) return;
    const waitMs = pace.waitAfter(timers.now() - startedAt);
    if (!isWantedAgain(how, waitMs)) return;
    await timers.wait(waitMs, signal);
    if (signal.aborted) return;
  }
}
