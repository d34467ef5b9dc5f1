import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const CASES = '.cases.ts';

/**
 * The name and path of each `*.cases.ts` file in a folder. Loading a plane and starting its first instance
 * takes longer than running most test files, and Jest repeats it for each suite. So one suite runs the files
 * of a whole folder.
 */
export function casesIn(folder: string): readonly (readonly [name: string, path: string])[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(CASES))
    .map((file) => [file.slice(0, -CASES.length), join(folder, file)]);
}
