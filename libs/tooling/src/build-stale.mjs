import { join } from 'node:path';
import { runTask } from './processes.mjs';
import { buildable, projectNamed, stateOf } from './projects.mjs';
import { ROOT, read } from './workspace.mjs';

/**
 * Builds the libraries and named apps whose sources have changed. Finding them with Nx would take seconds.
 */
export async function buildStale(apps) {
  const projects = [...buildable('libs'), ...apps].map(projectNamed);
  const stale = projects.filter((project) => read(project.stamp) !== stateOf(project));
  if (stale.length === 0) return;
  const program = join(ROOT, 'libs/tooling/src/build.mjs');
  await runTask('Building', process.execPath, [program, ...stale.map(({ name }) => name)], { cwd: ROOT });
}
