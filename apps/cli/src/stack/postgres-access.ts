import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandFailure } from '../command';

const OTHERS_WALK = 0o001;

/** As root, Postgres runs as the system's user `postgres`, who must be able to walk to its data. */
export function requireWalkable(path: string, modeOf = modeOnDisk): void {
  const closed = foldersAbove(resolve(path)).find(
    (folder) => ((modeOf(folder) ?? OTHERS_WALK) & OTHERS_WALK) === 0,
  );
  if (closed === undefined) return;
  throw new CommandFailure(
    `Postgres does not run as root, and the system's user "postgres" cannot walk through ${closed}. ` +
      `Run "chmod o+x ${closed}", start as another user, or choose another place (--data-dir).`,
  );
}

/** From the root downwards. */
function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersAbove(folder), folder];
}

function modeOnDisk(folder: string): number | undefined {
  return existsSync(folder) ? statSync(folder).mode : undefined;
}
