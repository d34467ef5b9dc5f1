import { createRequire } from 'node:module';
import { type PlaneName, builtModule } from '@atlas/testing';

/**
 * The exports of a plane's module. Apps do not import each other, so the benchmarks load the build output.
 */
export function builtExports<T>(app: PlaneName, file: string): T {
  return createRequire(__filename)(builtModule(app, file)) as T;
}
