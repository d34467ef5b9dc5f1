import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalPostgresOptions } from '@atlas/testing';

type PostgresPlace = Pick<LocalPostgresOptions, 'dataDir' | 'programsDir'>;

/** A process can use its working directory regardless of the permissions of the parent folders. */
const WORKING_DIRECTORY = '/proc/self/cwd';

/**
 * Where this process starts Postgres. If root starts it, the server runs as the user `postgres`, which may
 * not have access to the folders above the data. So root changes into the data folder, and the server
 * inherits this working directory. If `postgres` cannot read node_modules either, the Postgres binaries are
 * copied to the temporary folder.
 */
export function postgresPlace(dataDir: string): PostgresPlace {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return { dataDir };
  mkdirSync(dataDir, { recursive: true });
  process.chdir(dataDir);
  leavePostgresPlace(dataDir);
  const programsDir = join(tmpdir(), `atlas-postgres-${randomUUID()}`);
  symlinkSync(programsDir, linkTo(dataDir));
  return { dataDir: WORKING_DIRECTORY, programsDir };
}

/** Removes the copied binaries, including those that a killed process left behind. */
export function leavePostgresPlace(dataDir: string): void {
  const link = linkTo(dataDir);
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink())
    rmSync(readlinkSync(link), { recursive: true, force: true });
  rmSync(link, { recursive: true, force: true });
}

function linkTo(dataDir: string): string {
  return `${dataDir}-programs`;
}
