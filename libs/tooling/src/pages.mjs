import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

/** Builds apps of pages, one after the other, because each build uses all cores. */
export async function buildPages(projects) {
  // Loaded only if there is a page to build.
  const { build } = await import('vite');
  for (const { folder } of projects)
    await build({
      root: join(ROOT, folder),
      configFile: join(ROOT, folder, 'vite.config.mjs'),
      logLevel: 'warn',
    });
}
