import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const ROOM_BYTES = 2 ** 31;

/**
 * The folder for tests' databases, which need not outlive the run. It is in memory if /dev/shm has enough
 * space and allows programs to run. If root runs the tests, the Postgres binaries are copied there.
 */
export function scratchFolder() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM_BYTES && canRunProgramsIn(MEMORY) ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

function canRunProgramsIn(parent) {
  const folder = mkdtempSync(join(parent, 'atlas-'));
  try {
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    return spawnSync(program).status === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
