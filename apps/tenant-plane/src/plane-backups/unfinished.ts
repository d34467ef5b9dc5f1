import { rmSync, writeSync } from 'node:fs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const unfinished = new Set<string>();

/**
 * Removes the files and folders when `work` has ended, and also if a signal ends the process, because they
 * may contain decrypted rows and secrets. A signal ends the process at once: what is unfinished then looks
 * as if the process had been killed.
 */
export async function withUnfinished<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
  if (unfinished.size === 0) for (const signal of SIGNALS) process.on(signal, stop);
  for (const path of paths) unfinished.add(path);
  try {
    return await work();
  } finally {
    for (const path of paths) {
      rmSync(path, { recursive: true, force: true });
      unfinished.delete(path);
    }
    if (unfinished.size === 0) for (const signal of SIGNALS) process.off(signal, stop);
  }
}

function stop(signal: NodeJS.Signals): void {
  // A stream that is being opened can fill a folder again.
  for (const path of unfinished) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  writeSync(process.stderr.fd, `Stopped by ${signal}. Nothing unfinished is left.\n`);
  // Not `process.exit`, which waits for reads of a disk or a network share that may hang.
  for (const one of SIGNALS) process.off(one, stop);
  process.kill(process.pid, signal);
}
