import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { ROOT, isThere, read, write } from './workspace.mjs';

/** Not bundled: native code, packages that read files in their own folder, and development dependencies. */
const STAY_OUTSIDE = [
  'sqlite3',
  '@node-rs/argon2',
  'swagger-ui-dist',
  ...Object.keys(JSON.parse(read('package.json')).devDependencies),
];
/** The pages that a plane serves unchanged. */
const PAGES = 'libs/platform/pages';
/** The guides, rendered when the library was built. */
const HELP = 'libs/platform/dist/help';
const AS_IN_A_MODULE = [
  `import { createRequire as atlasCreateRequire } from 'node:module';`,
  `import { dirname as atlasDirname } from 'node:path';`,
  `import { fileURLToPath as atlasFileURLToPath } from 'node:url';`,
  `const require = atlasCreateRequire(import.meta.url);`,
  `const __filename = atlasFileURLToPath(import.meta.url);`,
  `const __dirname = atlasDirname(__filename);`,
  `const atlasImport = async (load) => ((it) => (it.__esModule ? it : { ...it, default: it }))(load());`,
].join(' ');

/**
 * Excludes from the bundle any optional package that is not installed, so that loading it fails only at run
 * time. Also makes Nest load its modules with `require`. esbuild does not follow `createRequire`, and keeps
 * only the default export of a CommonJS package loaded with `import()`.
 */
const asNodeFindsIt = {
  name: 'as-node-finds-it',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, kind, importer, resolveDir }) => {
      if (pluginData === asNodeFindsIt || kind === 'entry-point') return undefined;
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: asNodeFindsIt });
      return found.errors.length === 0 ? found : { path, external: true };
    });
    onLoad({ filter: /[/\\]@nestjs[/\\].*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text
        .replace(/^const require = createRequire\(import\.meta\.url\);$/m, '')
        .replaceAll(/createRequire\(import\.meta\.url\)(?=\((['"]).*?\1\))/g, 'require')
        .replaceAll(/\bimport\((['"].*?['"])\)/g, 'atlasImport(() => require($1))');
      return { contents };
    });
  },
};

/**
 * `classesIn(__dirname, '<role>', …)` loads the files with a role below a folder. A bundle has no folders, so
 * this replaces the folder with a list of those files.
 */
const classesByFile = {
  name: 'classes-by-file',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]dist[/\\]modules[/\\].*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replaceAll(/(?<=classesIn\)\()__dirname, ['"](\w+)['"]/g, (_, role) => {
        const files = readdirSync(dirname(path), { recursive: true });
        const ours = files.filter((file) => file.endsWith(`.${role}.js`)).sort();
        return `[${ours.map((file) => `require('./${file}')`).join(', ')}], '${role}'`;
      });
      return contents === text ? undefined : { contents };
    });
  },
};

/**
 * Bundles each program into one file, and the code that programs share into files beside them. A bundled
 * plane starts in half the time, because it does not have to find and read two thousand modules.
 */
export async function bundle({ from, to, programs }) {
  rmSync(join(ROOT, to), { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: programs.map((name) => join(ROOT, from, `${name}.js`)),
    outdir: join(ROOT, to),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // TypeORM and Nest identify classes by name.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    external: STAY_OUTSIDE,
    plugins: [asNodeFindsIt, classesByFile],
    banner: { js: AS_IN_A_MODULE },
    metafile: true,
    logLevel: 'warning',
  });
  const manifest = { type: 'module', bundleDependencies: packagesOf(Object.keys(metafile.inputs)) };
  write(`${to}/package.json`, `${JSON.stringify(manifest)}\n`);
  cpSync(join(ROOT, PAGES), join(ROOT, to, 'pages'), { recursive: true });
  cpSync(join(ROOT, HELP), join(ROOT, to, 'help'), { recursive: true });
  const description = `docs/openapi/${basename(to)}.json`;
  if (isThere(description)) cpSync(join(ROOT, description), join(ROOT, to, 'openapi.json'));
}

/** Bundles a program into one file that needs only Node, so that it can be copied to another machine. */
export async function bundleIntoOneFile({ from, to, programs: [name] }) {
  rmSync(join(ROOT, to), { recursive: true, force: true });
  const outfile = join(ROOT, to, `${name}.cjs`);
  await build({
    entryPoints: [join(ROOT, from, `${name}.js`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
}

/** The third-party packages that these files belong to. */
function packagesOf(files) {
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  return [...new Set(names)].filter(Boolean).sort();
}
