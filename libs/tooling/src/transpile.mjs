import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { transform } from '@swc/core';
import { ROOT } from './workspace.mjs';

/** Loaded when first used: a plane on Postgres needs no SQLite, and most processes check no new password. */
const LAZY = ['sqlite3', 'popular-passwords/data.json'];

/**
 * Compiles every module below `from` to CommonJS below `to`. It does not check types. `npm run typecheck`
 * does. `isolatedModules` forbids what cannot be compiled file by file.
 */
export async function transpile(from, to) {
  rmSync(join(ROOT, to), { recursive: true, force: true });
  const files = readdirSync(join(ROOT, from), { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.json')))
    cpSync(join(ROOT, from, file), join(ROOT, to, file));
  const modules = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  await Promise.all(
    modules.map((file) => transpileModule(join(ROOT, from, file), join(ROOT, to, file.replace(/ts$/, 'js')))),
  );
}

async function transpileModule(source, target) {
  const { code, map } = await transform(readFileSync(source, 'utf8'), {
    filename: source,
    configFile: join(ROOT, '.swcrc'),
    // Keeps `import()`, which loads packages that are ES modules. Tests use another configuration, because
    // Jest does not support `import()`.
    module: { type: 'commonjs', ignoreDynamic: true, lazy: LAZY },
    sourceFileName: relative(dirname(target), source),
    inlineSourcesContent: false,
  });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${code}//# sourceMappingURL=${basename(target)}.map\n`);
  writeFileSync(`${target}.map`, map);
}
