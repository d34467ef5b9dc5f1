// Which process is the tenant plane of a folder: the one that the file says, while it runs.
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireAsPlane } from './requirements.mjs';

const { identityOf, isRunning, sendSignal } = requireAsPlane('@atlas/platform/processes');

/** After SIGTERM it has this long before SIGKILL. */
const END_MS = 5000;
const LOOK_MS = 25;

export const pause = () => new Promise((done) => setTimeout(done, LOOK_MS));

/** Makes the calling process the one. Throws while there is another, and when the folder has been removed. */
export function claim(folder) {
  const written = join(folder, `claim.${process.pid}`);
  writeFileSync(written, JSON.stringify({ pid: process.pid, ...identityOf(process.pid) }), { mode: 0o600 });
  try {
    // Unlike a rename it fails when the file is there.
    linkSync(written, fileOf(folder));
  } finally {
    rmSync(written);
  }
}

/** Undefined when no process runs. */
export function holderOf(folder) {
  try {
    const { pid, ...identity } = JSON.parse(readFileSync(fileOf(folder), 'utf8'));
    return isRunning(pid, identity) ? pid : undefined;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Ends the process that there may be. */
export async function endHolder(folder) {
  if (!existsSync(fileOf(folder))) return;
  const pid = holderOf(folder);
  const killAt = Date.now() + END_MS;
  if (pid !== undefined) sendSignal(pid, 'SIGTERM');
  while (pid !== undefined && holderOf(folder) === pid) {
    await pause();
    // With all that it started: it leads a group.
    if (Date.now() > killAt) sendSignal(-pid, 'SIGKILL');
  }
  rmSync(fileOf(folder), { force: true });
}

function fileOf(folder) {
  return join(folder, 'process.json');
}
