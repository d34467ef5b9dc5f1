import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runTask } from './processes.mjs';
import { buildable, projectNamed, stateOf, webApps } from './projects.mjs';
import { ROOT, read } from './workspace.mjs';

const PROGRAM = join(ROOT, 'libs/tooling/src/build.mjs');

/**
 * Builds the libraries and named apps whose sources have changed. Finding them with Nx would take seconds.
 */
export async function buildStale(apps) {
  const stale = staleAmong([...buildable('libs'), ...apps]);
  if (stale.length > 0) await runTask('Building', process.execPath, [PROGRAM, ...stale], { cwd: ROOT });
}

/** Builds the pages while something else runs. Until then, the planes say that the pages are being built. */
export function buildPagesMeanwhile() {
  const stale = staleAmong(webApps());
  if (stale.length === 0) return;
  const child = spawn(process.execPath, [PROGRAM, ...stale], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  child.on('close', (code) => {
    if (code !== 0) process.stderr.write(`\nThe pages could not be built:\n\n${said}\n`);
  });
}

function staleAmong(names) {
  const projects = names.map(projectNamed);
  return projects.filter((project) => read(project.stamp) !== stateOf(project)).map(({ name }) => name);
}
