import { join } from 'node:path';
import { MEMORY_REPORT } from '@atlas/testing';

/** A module that a plane's process loads before its own first line: how a benchmark changes a plane that it does not edit. */
export type Preload = 'cpu-profile' | 'empty-routes' | 'memory-report' | 'no-jobs' | 'without-row-security';

export function withPreloads(preloads: readonly Preload[]): Readonly<Record<string, string>> {
  if (preloads.length === 0) return {};
  return { NODE_OPTIONS: preloads.map((name) => `--require "${fileOf(name)}"`).join(' ') };
}

function fileOf(name: Preload): string {
  return name === 'memory-report' ? MEMORY_REPORT : join(__dirname, `${name}.js`);
}
