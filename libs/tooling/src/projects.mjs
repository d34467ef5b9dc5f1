import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, isThere, read, sha256 } from './workspace.mjs';

/**
 * For each project that runs as a bundle: the folders of its modules and bundle, its programs, and the module
 * that loads everything that the bytecode should contain.
 */
const BUNDLES = {
  'control-plane': {
    from: 'dist/modules/control-plane',
    to: 'dist/apps/control-plane',
    programs: ['main', 'create-owner'],
    compiled: 'app.module',
  },
  'tenant-plane': {
    from: 'dist/modules/tenant-plane',
    to: 'dist/apps/tenant-plane',
    programs: [
      'main',
      'migrate',
      'enrol',
      'preflight',
      'status',
      'load-lease',
      'ledger',
      'support-bundle',
      'rehearse-outage',
      'backup',
      'verify-backup',
      'restore-backup',
    ],
    compiled: 'app.module',
  },
  agent: {
    from: 'dist/modules/agent',
    to: 'dist/apps/agent',
    programs: ['atlas-agent'],
    isOneFile: true,
  },
  bench: {
    from: 'dist/apps/bench',
    to: 'dist/apps/bench/empty-app',
    programs: ['start/empty-app', 'start/ingest-app', 'start/pass-through-app'],
  },
};
/** The library with what the apps that Vite builds have in common. It has no build of its own. */
const WEB_LIBRARY = 'libs/web';
/** The library whose build renders the guides for every bundle. */
export const PLATFORM = 'platform';
const TOOLS = ['package-lock.json', '.swcrc', 'libs/tooling/src'];
const NOT_SOURCES = ['node_modules', 'dist', 'test'];

/** The names of the apps that Vite builds. */
export function webApps() {
  return buildable('apps').filter((name) => projectNamed(name).isWeb);
}

/** The names of all `apps` or `libs` that are built. */
export function buildable(kind) {
  return readdirSync(join(ROOT, kind)).filter((name) => {
    const project = read(`${kind}/${name}/project.json`);
    return project !== undefined && 'build' in JSON.parse(project).targets;
  });
}

export function projectNamed(name) {
  const isLibrary = isThere(`libs/${name}`);
  const folder = `${isLibrary ? 'libs' : 'apps'}/${name}`;
  const bundle = BUNDLES[name];
  const modules = bundle?.from ?? (isLibrary ? `${folder}/dist` : `dist/${folder}`);
  // Records the state of the sources that the output was built from.
  const stamp = `${bundle?.to ?? modules}/.built`;
  return { name, folder, modules, bundle, stamp, isWeb: isThere(`${folder}/vite.config.mjs`) };
}

/**
 * A hash of everything that a project is built from. File times are not used, because switching branches
 * changes them.
 */
export function stateOf({ name, folder, bundle, isWeb }) {
  const bundled = isWeb ? [WEB_LIBRARY] : bundle ? buildable('libs').map((library) => `libs/${library}`) : [];
  const guides = bundle || name === PLATFORM ? documents() : [];
  const files = [folder, ...bundled, ...guides, ...TOOLS].flatMap(filesBelow);
  // Another version of Node cannot use the bytecode.
  return sha256([process.version, ...files.sort().flatMap((file) => [file, readFileSync(join(ROOT, file))])]);
}

function documents() {
  const names = readdirSync(join(ROOT, 'docs')).filter(
    (name) => ['guides', 'openapi'].includes(name) || name.endsWith('.md'),
  );
  return names.map((name) => `docs/${name}`);
}

function filesBelow(path) {
  if (!statSync(join(ROOT, path)).isDirectory()) return path.endsWith('.spec.ts') ? [] : [path];
  const names = readdirSync(join(ROOT, path)).filter((name) => !NOT_SOURCES.includes(name));
  return names.flatMap((name) => filesBelow(`${path}/${name}`));
}
