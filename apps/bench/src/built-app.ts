import { createRequire } from 'node:module';
import { builtFile } from '@atlas/testing';

/** What a file of a built plane exports. Apps do not import each other; the benchmarks look into what was built. */
export function builtExports<T>(app: 'control-plane' | 'tenant-plane', file: string): T {
  return createRequire(__filename)(builtFile(app, file)) as T;
}
