import { type TestDatabase, TestStack } from '@atlas/testing';
import { type Bench } from '../bench';
import { type Preload } from '../preloads/preload';
import { planeEnv } from './plane-env';

/**
 * A Control Plane with an owner and an API key, as the process that ships. With `preloads` it is started
 * again with those; the first start has created the schema and the queue.
 */
export async function startControlPlane(
  bench: Bench,
  database: TestDatabase,
  preloads: readonly Preload[] = [],
): Promise<TestStack> {
  const stack = await TestStack.start({ controlPlaneDatabase: database });
  bench.defer(() => stack.stop());
  const env = planeEnv(bench, preloads);
  if (Object.keys(env).length === 0) return stack;
  await stack.controlPlane.end();
  await stack.startControlPlane(env);
  return stack;
}
