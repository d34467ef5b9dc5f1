import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';

/**
 * The size in bytes at which a log is rotated. Together with the previous log, a log takes up to twice that.
 */
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** Renames the log of the previous run, so that it is kept. */
export function startNewLog(logFile: string): void {
  if (statSync(logFile, { throwIfNoEntry: false })) renameSync(logFile, previousLogOf(logFile));
}

/**
 * Rotates a log that has grown too large; its content becomes the previous log. The writer keeps the file
 * open for appending, so it is copied and truncated rather than renamed. A line written between the copy and
 * the truncation may be lost.
 */
export function boundLog(logFile: string, maxBytes = MAX_LOG_BYTES): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return;
  const previous = previousLogOf(logFile);
  // Removed first, to free space in case the disk is full.
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
