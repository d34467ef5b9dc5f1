import { join } from 'node:path';
import { runTask } from './processes.mjs';
import { buildable, projectNamed, stateOf } from './projects.mjs';
import { ROOT, read } from './workspace.mjs';

/** Builds those of the named apps, and of the libraries, whose sources have changed since. Nx would take seconds to see. */
export async function buildStale(apps) {
  const projects = [...buildable('libs'), ...apps].map(projectNamed);
  const stale = projects.filter((project) => read(project.stamp) !== stateOf(project));
  if (stale.length === 0) return;
  const program = join(ROOT, 'libs/tooling/src/build.mjs');
  await runTask('Building', process.execPath, [program, ...stale.map(({ name }) => name)], { cwd: ROOT });
}
