import { writeSync } from 'node:fs';

/** Longer than Terraform gets to stop (30 s), shorter than a container does (`stop_grace_period`, 40 s). */
const SHUTDOWN_LIMIT_MS = 35_000;

/**
 * Kills this process if it has not ended by itself that long after the first signal: whatever it waits for,
 * such as an unresponsive database, must not keep it alive. Call it once the signals are handled.
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
      `Shutting down took longer than ${seconds} s: the process is killed. Running work may be unfinished.\n`,
    );
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
