import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { ROOT, read, write } from './workspace.mjs';

/** Native code, or files that are looked for beside their own; and what is for development, as some load where it is there. */
const STAY_OUTSIDE = [
  'sqlite3',
  '@node-rs/argon2',
  'swagger-ui-dist',
  ...Object.keys(JSON.parse(read('package.json')).devDependencies),
];
/** That a plane serves as they are. */
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
 * Optional packages of others that are not installed are asked for at run time, as before. What Nest loads by
 * `createRequire`, which esbuild does not see, or by `import()`, of which esbuild would leave only the default of a
 * CommonJS package, is put in as a `require`.
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
 * `classesIn(__dirname, '<role>', …)` loads the files of a role below a folder, and a bundle has no folders: these files are
 * named here instead. The sources say which there are, since `tsc` leaves what it made of a file that is gone.
 */
const classesOf = (from) => ({
  name: 'classes-in',
  setup({ onLoad }) {
    const sourcesOf = (folder) =>
      join(ROOT, from.replace('dist/tsc/', ''), 'src', relative(join(ROOT, from), folder));
    onLoad({ filter: /[/\\]dist[/\\]tsc[/\\]apps[/\\].*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replaceAll(/(?<=classesIn\)\()__dirname, '(\w+)'/g, (_, role) => {
        const files = readdirSync(sourcesOf(dirname(path)), { recursive: true });
        const ours = files.filter((file) => file.endsWith(`.${role}.ts`)).sort();
        return `[${ours.map((file) => `require('./${file.slice(0, -3)}.js')`).join(', ')}], '${role}'`;
      });
      return contents === text ? undefined : { contents };
    });
  },
});

/**
 * `bundle.mjs <from> <to> <entry>...`: makes each entry one file with all that it loads, and of what entries share, files
 * beside them. A plane starts in half the time that it takes to find and read two thousand modules.
 */
async function bundle(from, to, entries) {
  mkdirSync(join(ROOT, to), { recursive: true });
  for (const file of readdirSync(join(ROOT, to)))
    if (/\.js(\.map)?$/.test(file)) rmSync(join(ROOT, to, file));
  const { metafile } = await build({
    entryPoints: entries.map((name) => join(ROOT, from, `${name}.js`)),
    outdir: join(ROOT, to),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // TypeORM and Nest know classes by their names.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    external: STAY_OUTSIDE,
    plugins: [asNodeFindsIt, classesOf(from)],
    banner: { js: AS_IN_A_MODULE },
    metafile: true,
    logLevel: 'warning',
  });
  const manifest = { type: 'module', bundleDependencies: packagesOf(Object.keys(metafile.inputs)) };
  write(`${to}/package.json`, `${JSON.stringify(manifest)}\n`);
  cpSync(join(ROOT, PAGES), join(ROOT, to, 'pages'), { recursive: true });
  cpSync(join(ROOT, HELP), join(ROOT, to, 'help'), { recursive: true });
  cpSync(join(ROOT, 'docs/openapi', `${basename(to)}.json`), join(ROOT, to, 'openapi.json'));
}

/** Those of others that have a file in it. */
function packagesOf(files) {
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  return [...new Set(names)].filter(Boolean).sort();
}

const [from, to, ...entries] = process.argv.slice(2);
await bundle(from, to, entries);
