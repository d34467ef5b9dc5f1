import '../../../libs/tooling/src/require-node.mjs';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const BUILT = new URL('../../../dist/apps/cli/', import.meta.url);

/** Runs a program of the built CLI from any working directory. */
export function runBuilt(name, file) {
  const program = fileURLToPath(new URL(file, BUILT));
  if (existsSync(program)) {
    createRequire(import.meta.url)(program);
    return;
  }
  process.stderr.write(
    `${name} is not built yet. Run this in the root of the checkout: npm ci && npm run build\n`,
  );
  process.exitCode = 1;
}
