import { createRequire } from 'node:module';
import { type PlaneName, builtModule } from '@atlas/testing';

/** What a module of a plane exports. Apps do not import each other; the benchmarks look into what was built. */
export function builtExports<T>(app: PlaneName, file: string): T {
  return createRequire(__filename)(builtModule(app, file)) as T;
}
