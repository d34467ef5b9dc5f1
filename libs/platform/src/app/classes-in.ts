import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Type } from '@nestjs/common';

const load = createRequire(__filename);

/**
 * The classes that extend `base` among the exports of the `*.<role>` files in or below a folder, ordered by
 * path. Adding such a file is enough: no list names it. Call it as `classesIn(__dirname, '<role>', …)`: a
 * bundle has no folders, so bundle.mjs replaces `__dirname` with the exports of these files.
 * @throws Error if there are none, as in a bundle that was made without them.
 */
export function classesIn<T>(
  folder: string | readonly object[],
  role: string,
  base: abstract new (...args: never[]) => T,
): Type<T>[] {
  const files = typeof folder === 'string' ? exportsIn(folder, role) : folder;
  const classes = files.flatMap((file) =>
    Object.values(file).filter((value): value is Type<T> => value?.prototype instanceof base),
  );
  if (classes.length === 0) throw new Error(`Found no ${role} that extends ${base.name}.`);
  return classes;
}

function exportsIn(folder: string, role: string): readonly object[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(`.${role}.ts`) || file.endsWith(`.${role}.js`))
    .sort()
    .map((file) => load(join(folder, file)));
}
