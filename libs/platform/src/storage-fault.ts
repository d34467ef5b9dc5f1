import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** More than a start writes before it is up, and nothing on a disk that is fit to run on. */
const PROBE_BYTES = 1024 * 1024;

const NO_SPACE = 'no space is left there. Free some, then start again';

/** Makes the folder where it is missing, and throws what the system says when nothing can be written in it. */
export function probeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    writeFileSync(probe, Buffer.alloc(PROBE_BYTES));
  } finally {
    rmSync(probe, { force: true });
  }
}

/** What is wrong with a folder that could not be written in, and what to do; undefined for an error of another kind. */
export function storageFault(folder: string, error: unknown): string | undefined {
  const { code = '' } = error as { code?: string };
  if (code === 'SQLITE_FULL') return `${folder} cannot be written: ${NO_SPACE}`;
  // SQLite says only that it failed. What the system says to a write of ours is the reason.
  if (/^SQLITE_(CANTOPEN|IOERR|READONLY|PERM)/.test(code)) return faultOfProbe(folder);
  const advice = adviceOn(code, folder);
  return advice && `${folder} cannot be written: ${advice}`;
}

function faultOfProbe(folder: string): string | undefined {
  try {
    probeFolder(folder);
    return undefined;
  } catch (error) {
    return storageFault(folder, error);
  }
}

function adviceOn(code: string, folder: string): string | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return NO_SPACE;
    case 'EROFS':
      return 'it is on a file system that is mounted read-only. Mount it for writing, or use another folder';
    case 'EACCES':
    case 'EPERM':
      return `it belongs to ${ownerOf(folder)}, and this runs as user ${userInfo().uid}. Give it to that user (chown -R ${userInfo().uid} ${folder}), or use another folder`;
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a file is in the way. Move that away, or use another folder';
    default:
      return undefined;
  }
}

function ownerOf(folder: string): string {
  try {
    return `user ${statSync(folder).uid}`;
  } catch {
    return 'somebody else, or lies in a folder that does';
  }
}
