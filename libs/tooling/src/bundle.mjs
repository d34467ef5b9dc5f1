import { execFile } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
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
/** Loads a bundle, and is copied beside it. */
const LOADER = 'libs/tooling/src/bundled.cjs';
const AS_IN_A_MODULE = [
  `const atlasUrl = require('node:url').pathToFileURL(__filename).href;`,
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
 * Bundles the programs into one file, with its bytecode beside it and a small file to start each of them. A
 * bundled plane starts in half the time, because it does not have to find and read two thousand modules. The
 * bytecode saves another third.
 */
export async function bundle({ from, to, programs, compiled }) {
  const folder = join(ROOT, to);
  rmSync(folder, { recursive: true, force: true });
  const modules = [...programs, ...(compiled ? [compiled] : [])];
  const loads = modules.map((name) => `'${name}': () => require('./${name}.js')`);
  const { metafile } = await build({
    stdin: { contents: `module.exports = { ${loads.join(', ')} };`, resolveDir: join(ROOT, from) },
    outdir: folder,
    entryNames: 'bundle',
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // TypeORM and Nest identify classes by name.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    external: STAY_OUTSIDE,
    plugins: [asNodeFindsIt, classesByFile],
    define: { 'import.meta.url': 'atlasUrl' },
    banner: { js: AS_IN_A_MODULE },
    metafile: true,
    logLevel: 'warning',
  });
  rewrite(`${to}/bundle.js`);
  cpSync(join(ROOT, LOADER), join(folder, 'bundled.cjs'));
  for (const name of programs)
    write(
      `${to}/${basename(name)}.js`,
      `require('./bundled.cjs').load(require.resolve('./bundle.js'))['${name}']();\n`,
    );
  const manifest = { type: 'commonjs', bundleDependencies: packagesOf(Object.keys(metafile.inputs)) };
  write(`${to}/package.json`, `${JSON.stringify(manifest)}\n`);
  cpSync(join(ROOT, PAGES), join(folder, 'pages'), { recursive: true });
  cpSync(join(ROOT, HELP), join(folder, 'help'), { recursive: true });
  const description = `docs/openapi/${basename(to)}.json`;
  if (isThere(description)) cpSync(join(ROOT, description), join(folder, 'openapi.json'));
  if (compiled) await storeBytecode(folder, compiled);
}

/** How esbuild lets CommonJS modules require an ES module: each of them gets a copy of its exports. */
const COPY_OF_EXPORTS = /^var __toCommonJS = (\(\w+\) => __copyProps\(.*\));$/m;

/**
 * esbuild escapes what is not ASCII, except in regular expressions. ASCII takes half the memory. It also
 * copies the exports of Nest for hundreds of modules. All of them share one copy instead.
 */
function rewrite(file) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const text = read(file).replaceAll(/[^\0-\x7f]/g, escaped);
  if (text.includes('__toCommonJS') && !COPY_OF_EXPORTS.test(text))
    throw new Error('esbuild copies the exports of ES modules in another way than this expects.');
  const shared =
    'var __copyExports = $1; var __copies = new Map(); var __toCommonJS = (mod) => ' +
    '__copies.get(mod) ?? __copies.set(mod, __copyExports(mod)).get(mod);';
  write(file, text.replace(COPY_OF_EXPORTS, shared));
}

/** In a process of its own, because V8 options of this one would make others ignore the bytecode. */
async function storeBytecode(folder, compiled) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  await promisify(execFile)(process.execPath, ['bundled.cjs', join(folder, 'bundle.js'), compiled], {
    cwd: folder,
    env,
  });
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
