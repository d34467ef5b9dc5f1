import { setTimeout as delay } from 'node:timers/promises';
import { RestartPace } from './restart-pace';

export interface Ending {
  /** Says how it ended. */
  readonly exited: Promise<string>;
}

interface Timers {
  /** In milliseconds from some moment. */
  now(): number;
  /** Until then, or until the signal. */
  wait(ms: number, signal: AbortSignal): Promise<unknown>;
}

export interface KeepRunning {
  start(): Promise<Ending>;
  /** Asked of each end: whether to start again, and when that would be. */
  isWantedAgain(how: string, waitMs: number): boolean;
  readonly signal: AbortSignal;
  readonly timers?: Timers;
}

const hasFailed = ({ message }: Error): Ending => ({
  exited: Promise.resolve(`while it was started: ${message}`),
});

const SYSTEM_TIMERS: Timers = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

/**
 * Starts a process again each time it ends, until it is not wanted any more or the signal comes. A start that fails counts
 * as an end: what it failed for, a full disk for one, may be over next time.
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
