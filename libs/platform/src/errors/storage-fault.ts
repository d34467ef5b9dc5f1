import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';

/** More than a plane writes while it starts, and negligible on any usable disk. */
const PROBE_BYTES = 1024 * 1024;

const NO_SPACE = 'no space is left. Free some, then start again';

/** Creates the folder if it is missing. Throws the system's error if it is not writable. */
export function probeFolder(folder: string): void {
  makeFolder(folder);
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    writeFileSync(probe, Buffer.alloc(PROBE_BYTES));
  } finally {
    rmSync(probe, { force: true });
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Node reports ENOENT even if the file system is read-only. Creating only the first missing folder
    // reveals the reason.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') mkdirSync(firstMissing(folder), { mode: 0o700 });
    throw error;
  }
}

function firstMissing(folder: string): string {
  const parent = dirname(folder);
  return existsSync(parent) || parent === folder ? folder : firstMissing(parent);
}

/** Why a folder cannot be written to, and what to do; undefined for any other kind of error. */
export function storageFault(folder: string, error: unknown): string | undefined {
  const { code = '', syscall = '' } = error as { code?: string; syscall?: string };
  // These errors do not concern files.
  if (['kill', 'listen', 'connect'].includes(syscall)) return undefined;
  if (code === 'SQLITE_FULL') return `${folder} cannot be written: ${NO_SPACE}`;
  // These codes give no reason, so a test write is used to get the reason from the system.
  const isVague =
    /^SQLITE_(CANTOPEN|IOERR|READONLY|PERM)/.test(code) || (code === 'ENOENT' && syscall === 'mkdir');
  if (isVague) return faultOfProbe(folder);
  const advice = adviceOn(code, folder);
  return advice && `${folder} cannot be written: ${advice}`;
}

function faultOfProbe(folder: string): string | undefined {
  try {
    probeFolder(folder);
    return undefined;
  } catch (error) {
    const { code = '' } = error as { code?: string };
    return code === 'ENOENT' ? undefined : storageFault(folder, error);
  }
}

function adviceOn(code: string, folder: string): string | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return NO_SPACE;
    case 'EROFS':
      return 'it is on a file system that is mounted read-only. Remount it read-write, or use another folder';
    case 'EACCES':
    case 'EPERM':
      return (
        `it belongs to ${ownerOf(folder)}, but this process runs as user ${userInfo().uid}. Change its ` +
        `owner (chown -R ${userInfo().uid} ${folder}), or use another folder`
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a file is in the way. Move that file, or use another folder';
    default:
      return undefined;
  }
}

function ownerOf(folder: string): string {
  try {
    return `user ${statSync(folder).uid}`;
  } catch {
    return 'another user, or is in a folder that does';
  }
}
