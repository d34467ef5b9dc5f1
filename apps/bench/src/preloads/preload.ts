import { join } from 'node:path';
import { FROM_MODULES, MEMORY_REPORT } from '@atlas/testing';

/**
 * A module that a plane's process loads before its own code, so that a benchmark can change a plane without
 * editing it.
 */
export type Preload = 'cpu-profile' | 'empty-routes' | 'memory-report' | 'without-row-security';

/** These preloads only observe, so the plane can run bundled, as shipped. */
const LOOKS_ON: readonly Preload[] = ['cpu-profile', 'memory-report'];

export function withPreloads(preloads: readonly Preload[]): Readonly<Record<string, string>> {
  if (preloads.length === 0) return {};
  const changesModules = preloads.some((name) => !LOOKS_ON.includes(name));
  const options = preloads.map((name) => `--require "${fileOf(name)}"`).join(' ');
  return { NODE_OPTIONS: options, ...(changesModules && FROM_MODULES) };
}

function fileOf(name: Preload): string {
  return name === 'memory-report' ? MEMORY_REPORT : join(__dirname, `${name}.js`);
}
