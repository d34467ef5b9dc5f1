#!/usr/bin/env node
import './require-node.mjs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT, isThere } from './workspace.mjs';

const PROGRAM = 'dist/apps/cli/atlas-tp.js';

// `npx atlas-tp`: the built command, wherever it is called from.
if (isThere(PROGRAM)) {
  createRequire(import.meta.url)(join(ROOT, PROGRAM));
} else {
  process.stderr.write(
    'atlas-tp is not built yet. In the folder of this checkout run: npm ci && npm run build\n',
  );
  process.exitCode = 1;
}
