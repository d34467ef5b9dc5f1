import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalPostgresOptions } from '@atlas/testing';

type PostgresPlace = Pick<LocalPostgresOptions, 'dataDir' | 'programsDir'>;

/** A process's working directory, open to it whatever the rights of the folders above. */
const WORKING_DIRECTORY = '/proc/self/cwd';

/**
 * Where this process starts Postgres. Started by root, the server runs as the user `postgres`, who may not be
 * allowed into the folders above the data: root enters them first, and the server inherits its place. If the
 * user cannot reach our node_modules either, the programs are copied to the temporary folder.
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

/** Removes the copied programs, also those that a killed process has left. */
export function leavePostgresPlace(dataDir: string): void {
  const link = linkTo(dataDir);
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink())
    rmSync(readlinkSync(link), { recursive: true, force: true });
  rmSync(link, { recursive: true, force: true });
}

function linkTo(dataDir: string): string {
  return `${dataDir}-programs`;
}
