import { writeSync } from 'node:fs';

/**
 * Longer than the time that Terraform is given to stop (30 s), but shorter than a container's
 * `stop_grace_period` (40 s).
 */
const SHUTDOWN_LIMIT_MS = 35_000;

/**
 * Kills this process if it is still running {@link SHUTDOWN_LIMIT_MS} after the first signal. It may be
 * waiting for something that never responds, such as a database. Call this once the signal handlers are
 * installed.
 */
export function limitShutdown(): void {
  let isEnding = false;
  const begin = (): void => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(endForGood, SHUTDOWN_LIMIT_MS).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, begin);
}

/** `process.exit` would wait for the thread pool. */
function endForGood(): void {
  const seconds = SHUTDOWN_LIMIT_MS / 1000;
  try {
    writeSync(
      2,
      `Shutting down took longer than ${seconds} s, so the process is killed now. Work may be unfinished.\n`,
    );
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
