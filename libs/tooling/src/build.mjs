import './require-node.mjs';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, bundleIntoOneFile } from './bundle.mjs';
import { renderHelp } from './help.mjs';
import { PLATFORM, projectNamed, stateOf } from './projects.mjs';
import { transpile } from './transpile.mjs';
import { buildPages } from './pages.mjs';
import { ROOT, write } from './workspace.mjs';

// `build.mjs <project>...`: compiles these projects, and bundles those that run as bundles. A bundle
// contains built libraries, so these must be among the projects or already be built.
const projects = process.argv.slice(2).map(projectNamed);
const states = projects.map(stateOf);
for (const { stamp } of projects) rmSync(join(ROOT, stamp), { force: true });
const [web, others] = [projects.filter(({ isWeb }) => isWeb), projects.filter(({ isWeb }) => !isWeb)];
await Promise.all(others.map(({ folder, modules }) => transpile(`${folder}/src`, modules)));
if (web.length > 0) await buildPages(web);
for (const { name, modules } of projects) if (name === PLATFORM) renderHelp(`${modules}/help`);
await Promise.all(
  projects.map(
    ({ bundle: wanted }) => wanted && (wanted.isOneFile ? bundleIntoOneFile(wanted) : bundle(wanted)),
  ),
);
projects.forEach(({ stamp }, at) => write(stamp, states[at]));
