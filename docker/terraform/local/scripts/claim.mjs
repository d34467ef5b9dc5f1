// The tenant plane of a folder is the process named in a file there, as long as it is running.
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireAsPlane } from './requirements.mjs';

const { identityOf, isRunning, sendSignal } = requireAsPlane('@atlas/platform/processes');

/** How long the process has between SIGTERM and SIGKILL. */
const END_MS = 5000;
const LOOK_MS = 25;

export const pause = () => new Promise((done) => setTimeout(done, LOOK_MS));

/** Claims the folder for this process. Throws if another process has claimed it or it was removed. */
export function claim(folder) {
  const written = join(folder, `claim.${process.pid}`);
  writeFileSync(written, JSON.stringify({ pid: process.pid, ...identityOf(process.pid) }), { mode: 0o600 });
  try {
    // Unlike a rename, a link fails if the file exists.
    linkSync(written, fileOf(folder));
  } finally {
    rmSync(written);
  }
}

/** The pid of the folder's tenant plane. Undefined if it is not running. */
export function holderOf(folder) {
  try {
    const { pid, ...identity } = JSON.parse(readFileSync(fileOf(folder), 'utf8'));
    return isRunning(pid, identity) ? pid : undefined;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Stops the folder's tenant plane, if there is one. */
export async function endHolder(folder) {
  if (!existsSync(fileOf(folder))) return;
  const pid = holderOf(folder);
  const killAt = Date.now() + END_MS;
  if (pid !== undefined) sendSignal(pid, 'SIGTERM');
  while (pid !== undefined && holderOf(folder) === pid) {
    await pause();
    // Kills its whole process group, including all processes that it started.
    if (Date.now() > killAt) sendSignal(-pid, 'SIGKILL');
  }
  rmSync(fileOf(folder), { force: true });
}

function fileOf(folder) {
  return join(folder, 'process.json');
}
