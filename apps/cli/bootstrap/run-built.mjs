import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT, isThere } from './workspace.mjs';

/** Runs a built command, wherever it is called from. */
export function runBuilt(name, program) {
  if (isThere(program)) {
    createRequire(import.meta.url)(join(ROOT, program));
    return;
  }
  process.stderr.write(
    `${name} is not built yet. In the folder of this checkout run: npm ci && npm run build\n`,
  );
  process.exitCode = 1;
}
