import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const CASES = '.cases.ts';

/**
 * Name and path of each file `*.cases.ts` in a folder. To load a plane and to start its first one takes longer than most
 * files of tests run, and jest does it anew for each suite: so a suite takes the files of a whole folder.
 */
export function casesIn(folder: string): readonly (readonly [name: string, path: string])[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(CASES))
    .map((file) => [file.slice(0, -CASES.length), join(folder, file)]);
}
