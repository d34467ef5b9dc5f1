import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { identityOf } from '@atlas/platform';
import { folderOf } from './local-names';
import { type LocalPlane } from './local-plane.entity';

export interface ProcessInFolder {
  readonly pid: number;
  /** The name of the folder below the root, which is also the plane's name. */
  readonly name: string;
}

/**
 * Finds processes whose working directory is in a folder below `root`. Finds none if the system has no /proc.
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
 * Finds all processes, recorded or not, that serve the plane
 * with this name. Excludes shells opened in its folder.
 */
export async function planeProcesses(root: string, name: string): Promise<readonly number[]> {
  const running = await processesBelow(root);
  return running.filter((one) => one.name === name && isPlane(one.pid)).map(({ pid }) => pid);
}

/**
 * Whether the recorded process is still running. Another process
 * with the same pid does not count, even after a reboot.
 */
export function isItsProcess(root: string, { name, pid, pidStartedAt }: LocalPlane): boolean {
  if (pid === null || identityOf(pid)?.startedAt !== pidStartedAt) return false;
  return !HAS_PROC || workingFolderOf(pid) === folderOf(existsSync(root) ? realpathSync(root) : root, name);
}

const HAS_PROC = existsSync('/proc/self/cwd');

function isPlane(pid: number): boolean {
  return /[/\\]main\.js$/.test(identityOf(pid)?.command ?? '');
}

/** Empty if the process has exited or belongs to another user. */
function workingFolderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}
