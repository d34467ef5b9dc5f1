import { execFileSync } from 'node:child_process';

/**
 * Limits the size of the files that a process can write. Writes beyond `bytes` fail with EFBIG, which SQLite
 * reports as SQLITE_IOERR, as for a failing disk. Needs no special privileges. {@link liftFileSizeLimit}
 * removes the limit. Linux only.
 */
export function limitFileSize(pid: number, bytes: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

export function liftFileSizeLimit(pid: number): void {
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:']);
}

/** Whether this machine supports {@link limitFileSize}. */
export function canLimitFileSize(): boolean {
  try {
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
