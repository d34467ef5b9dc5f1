import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Type } from '@nestjs/common';

const load = createRequire(__filename);

/**
 * The classes that extend `base`, from the exports of all `*.<role>` files in or below a folder, ordered by
 * path. A new file needs no registration. Call this as `classesIn(__dirname, '<role>', …)`: a bundle has no
 * folders, so bundle.mjs replaces `__dirname` with the exports of these files.
 * @throws Error if there are no such classes, as in a bundle built without them.
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
