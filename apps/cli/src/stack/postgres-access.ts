import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandFailure } from '../command';

const OTHERS_WALK = 0o001;

/** Started by root, Postgres runs as the user `postgres`, who must be able to reach its data. */
export function requireWalkable(path: string, modeOf = modeOnDisk): void {
  const closed = foldersAbove(resolve(path)).find(
    (folder) => ((modeOf(folder) ?? OTHERS_WALK) & OTHERS_WALK) === 0,
  );
  if (closed === undefined) return;
  throw new CommandFailure(`Postgres does not run as root, and the user "postgres" cannot enter ${closed}.`, {
    code: 'folder_closed',
    hint: `Run "chmod o+x ${closed}", start as another user, or choose another folder with --data-dir.`,
  });
}

/** From the root down. */
function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersAbove(folder), folder];
}

function modeOnDisk(folder: string): number | undefined {
  return existsSync(folder) ? statSync(folder).mode : undefined;
}
