import './require-node.mjs';
import { join } from 'node:path';
import { buildPagesMeanwhile, buildStale } from './build-stale.mjs';
import { install } from './install.mjs';
import { runInForeground } from './processes.mjs';
import { ROOT } from './workspace.mjs';

const APPS = ['cli', 'control-plane', 'tenant-plane'];

// `npm start`: installs and builds if needed, then starts the local stack. Accepts the same arguments as
// `atlas stack up`.
try {
  await install();
  await buildStale(APPS);
  buildPagesMeanwhile();
  const command = [join(ROOT, 'dist/apps/cli/main.js'), 'stack', 'up', ...process.argv.slice(2)];
  // The IPC channel lets the stack notice when this process exits, even if it is killed.
  process.exit(await runInForeground(command, { cwd: ROOT, ipc: true }));
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
