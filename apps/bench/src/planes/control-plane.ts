import { type TestDatabase, TestStack } from '@atlas/testing';
import { type Bench } from '../bench';
import { type Preload } from '../preloads/preload';
import { type PlaneEnv, planeEnv } from './plane-env';

/**
 * Starts a Control Plane as shipped, with an owner and an API key. If there are preloads, they take effect in
 * a second start, because the first start creates the schema and the queue.
 */
export async function startControlPlane(
  bench: Bench,
  database: TestDatabase,
  preloads: readonly Preload[] = [],
  settings: PlaneEnv = {},
): Promise<TestStack> {
  const stack = await TestStack.start({ controlPlaneDatabase: database, controlPlaneEnv: settings });
  bench.defer(() => stack.stop());
  const env = planeEnv(bench, preloads);
  if (Object.keys(env).length === 0) return stack;
  await stack.controlPlane.end();
  await stack.startControlPlane(env);
  return stack;
}
