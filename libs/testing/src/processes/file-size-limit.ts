import { execFileSync } from 'node:child_process';

/**
 * Limits a process to files of `bytes`: any write beyond that fails with EFBIG, which SQLite reports as
 * SQLITE_IOERR, just as for a failing disk. Needs no special rights, and {@link liftFileSizeLimit} undoes it.
 * Linux only.
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
