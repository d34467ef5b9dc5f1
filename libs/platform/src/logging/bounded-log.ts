import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';

/**
 * The size that a log may reach before it is cut, in bytes.
 * Together with the previous part it takes twice that.
 */
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** Keeps the log of the previous run beside the new one. */
export function startNewLog(logFile: string): void {
  if (statSync(logFile, { throwIfNoEntry: false })) renameSync(logFile, previousLogOf(logFile));
}

/**
 * Cuts a log that has grown too long, and keeps what it held as the previous one. Its writer keeps it open
 * for appending, so it is copied and emptied rather than renamed; a line written in between may be lost.
 */
export function boundLog(logFile: string, maxBytes = MAX_LOG_BYTES): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return;
  const previous = previousLogOf(logFile);
  // First, since the disk may be full.
  rmSync(previous, { force: true });
  try {
    copyFileSync(logFile, previous);
  } finally {
    truncateSync(logFile);
  }
}

function previousLogOf(logFile: string): string {
  return logFile.replace(/\.log$/, '.previous.log');
}
