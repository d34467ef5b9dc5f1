#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../dist/apps/agent/atlas-agent.cjs', import.meta.url));
if (existsSync(program)) {
  createRequire(import.meta.url)(program);
} else {
  process.stderr.write(
    'atlas-agent is not built yet. Run this in the root of the checkout: npm ci && npm run build\n',
  );
  process.exitCode = 1;
}
