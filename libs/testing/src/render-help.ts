import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

/** Renders the guides to where planes that run from source look for them. */
export function renderHelp(): void {
  const script = join(ROOT, 'apps/cli/bootstrap/help.mjs');
  execFileSync(process.execPath, [script, join(ROOT, 'libs/platform/dist/help')]);
}
