import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { identityOf } from '@atlas/platform';
import { folderOf } from './local-names';
import { type LocalPlane } from './local-plane.entity';

export interface ProcessInFolder {
  readonly pid: number;
  /** Of the folder below the root: its plane's. */
  readonly name: string;
}

/**
 * Every process that runs in a folder below `root`: by its working directory, which only Linux tells cheaply.
 */
export async function processesBelow(root: string): Promise<readonly ProcessInFolder[]> {
  if (!HAS_PROC || !existsSync(root)) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parent = realpathSync(root);
  return pids.flatMap((pid) => {
    const folder = workingFolderOf(pid);
    return dirname(folder) === parent ? [{ pid, name: basename(folder) }] : [];
  });
}

/**
 * Those that serve the plane of that name, recorded or not,
 * and not a shell that somebody has open in its folder.
 */
export async function planeProcesses(root: string, name: string): Promise<readonly number[]> {
  const running = await processesBelow(root);
  return running.filter((one) => one.name === name && isPlane(one.pid)).map(({ pid }) => pid);
}

/**
 * Whether the process that is recorded still runs, rather
 * than another that was given its pid, even after a reboot.
 */
export function isItsProcess(root: string, { name, pid, pidStartedAt }: LocalPlane): boolean {
  if (pid === null || identityOf(pid)?.startedAt !== pidStartedAt) return false;
  return !HAS_PROC || workingFolderOf(pid) === folderOf(existsSync(root) ? realpathSync(root) : root, name);
}

const HAS_PROC = existsSync('/proc/self/cwd');

function isPlane(pid: number): boolean {
  return /[/\\]main\.js$/.test(identityOf(pid)?.command ?? '');
}

/** Empty when it has ended, or is another user's. */
function workingFolderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}
