import { setTimeout as delay } from 'node:timers/promises';
import { RestartPace } from './restart-pace';

export interface Ending {
  /** Resolves to a description of how the process exited. */
  readonly exited: Promise<string>;
}

interface Timers {
  /** The time in milliseconds since an arbitrary moment. */
  now(): number;
  /** Resolves after `ms`, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<unknown>;
}

export interface KeepRunning {
  start(): Promise<Ending>;
  /** Called after each exit. Returns whether to restart the process after `waitMs`. */
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
 * Restarts a process each time it exits, until it is no longer wanted or the signal aborts. A failed
 * start counts as an exit, because its cause, such as a full disk, may be gone before the next attempt.
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
