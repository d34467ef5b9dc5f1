import { writeSync } from 'node:fs';

/**
 * Longer than the time that Terraform gets to stop (30 s), shorter than that of a container
 * (`stop_grace_period`, 40 s).
 */
const SHUTDOWN_LIMIT_MS = 35_000;

/**
 * Kills this process if it is still running that long after the first signal, because what it waits for, such
 * as an unresponsive database, may never finish. Call this once the signal handlers are installed.
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
      `Shutting down took longer than ${seconds} s, so the process is killed. Work may be unfinished.\n`,
    );
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
