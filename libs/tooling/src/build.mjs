import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runTask } from './processes.mjs';
import { ROOT, isThere, read, sha256, write } from './workspace.mjs';

const NOT_SOURCES = ['node_modules', 'dist', 'test', 'data', 'coverage'];
/** Planes serve them. */
const GUIDES = 'docs';
const SHARED_SOURCES = ['package-lock.json', 'package.json', 'nx.json', 'tsconfig.base.json'];

/**
 * Builds the named apps and what they are made of. Nx would find out that there is nothing to do, too, but takes seconds
 * for it: a stamp says for which sources the build was made.
 */
export async function build(apps) {
  const stamp = `dist/.built-${sha256(apps).slice(0, 8)}`;
  if (read(stamp) === stateOf(apps)) return;
  rmSync(join(ROOT, stamp), { force: true });
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
  const args = ['run-many', '-t', 'build', '-p', apps.join(','), '--outputStyle=static'];
  await runTask('Building', join(ROOT, 'node_modules/.bin/nx'), args, { cwd: ROOT, env });
  write(stamp, stateOf(apps));
}

/** Every app that there is. */
export function everyApp() {
  return projectsIn('apps');
}

/** What is built from what. By content, not by time: switching branches back and forth changes that. */
function stateOf(apps) {
  const libs = projectsIn('libs');
  const folders = [...apps.map((name) => `apps/${name}`), ...libs.map((name) => `libs/${name}`)];
  const sources = [
    ...folders.flatMap((folder) => filesBelow(join(ROOT, folder))),
    ...filesBelow(join(ROOT, GUIDES)).filter((file) => file.endsWith('.md')),
    ...SHARED_SOURCES,
  ];
  const outputs = [...apps.map((name) => `dist/apps/${name}`), ...libs.map((name) => `libs/${name}/dist`)];
  return sha256([
    ...sources.sort().flatMap((file) => [file, readFileSync(join(ROOT, file))]),
    // The compiler's own record changes when somebody else builds other sources to the same place.
    ...outputs.map((folder) => read(`${folder}/.tsbuildinfo`) ?? ''),
    ...outputs.map((folder) => String(isThere(`${folder}/main.js`) || isThere(`${folder}/index.js`))),
  ]);
}

function projectsIn(folder) {
  return readdirSync(join(ROOT, folder))
    .filter((name) => isThere(`${folder}/${name}/project.json`))
    .sort();
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_SOURCES.includes(entry.name) ? [] : filesBelow(path);
    return entry.isFile() && !entry.name.endsWith('.spec.ts') ? [relative(ROOT, path)] : [];
  });
}
