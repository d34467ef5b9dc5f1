import { execFileSync } from 'node:child_process';

/**
 * Lets a process write no file beyond `bytes`: every write behind that fails with EFBIG, which SQLite reports as SQLITE_IOERR,
 * as it does for a failing disk. Needs no rights, and is undone by {@link liftFileSizeLimit}. Linux only.
 */
export function limitFileSize(pid: number, bytes: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

export function liftFileSizeLimit(pid: number): void {
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:']);
}

/** Whether this machine has what {@link limitFileSize} needs. */
export function canLimitFileSize(): boolean {
  try {
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
