import { type PlaneProcess, type TestStack } from '@atlas/testing';
import { type Bench } from '../bench';
import { startControlPlane } from './control-plane';
import { type PlaneEnv, planeEnv } from './plane-env';

const ROOM = 1_000_000;

export interface BothPlanes {
  readonly stack: TestStack;
  readonly tenantPlane: PlaneProcess;
  /** The Control Plane's database, for inspection. */
  readonly controlPlaneUrl: string;
}

/**
 * Starts a Control Plane and one enrolled cell with room for all tenants. Each is a process with its own
 * Postgres database.
 */
export async function startBothPlanes(bench: Bench, settings: PlaneEnv = {}): Promise<BothPlanes> {
  const database = await bench.createDatabase();
  const stack = await startControlPlane(bench, database, [], settings);
  const cell = await stack.registerCell({ capacity: ROOM });
  const tenantPlane = await stack.startTenantPlane(
    cell.install,
    await bench.createDatabase(),
    planeEnv(bench),
  );
  await stack.awaitEnrolled(cell.id);
  return { stack, tenantPlane, controlPlaneUrl: database.url };
}
