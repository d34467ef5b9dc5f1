import {
  type DatabaseDriver,
  type PlaneProcess,
  type TestDatabase,
  TestStack,
  createTestDatabase,
} from '@atlas/testing';

/** A Control Plane and one enrolled shared tenant plane, each a process with its own database. */
export interface BothPlanes {
  readonly stack: TestStack;
  readonly tenantPlane: () => PlaneProcess;
  readonly tenantPlaneDatabase: TestDatabase;
  /** The tenant plane's id in the Control Plane. */
  readonly id: string;
  /** Kills the tenant plane and restarts it as its operator would, with the same bundle and database. */
  restartTenantPlane(env?: Readonly<Record<string, string>>): Promise<void>;
  killTenantPlane(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBothPlanes(
  driver: DatabaseDriver,
  controlPlaneEnv: Readonly<Record<string, string>> = {},
  tenantPlaneEnv: Readonly<Record<string, string>> = {},
): Promise<BothPlanes> {
  const [controlPlaneDatabase, tenantPlaneDatabase] = (await Promise.all([
    createTestDatabase(driver),
    createTestDatabase(driver),
  ])) as [TestDatabase, TestDatabase];
  const stack = await TestStack.start({ controlPlaneDatabase, controlPlaneEnv });
  const cell = await stack.registerCell();
  let plane = await stack.startTenantPlane(cell.install, tenantPlaneDatabase, tenantPlaneEnv);
  await stack.awaitEnrolled(cell.id);
  const killTenantPlane = (): Promise<void> => stack.endTenantPlane(plane, 'SIGKILL');
  return {
    stack,
    id: cell.id,
    tenantPlane: () => plane,
    tenantPlaneDatabase,
    killTenantPlane,
    async restartTenantPlane(env) {
      if (stack.tenantPlanes.includes(plane)) await killTenantPlane();
      const all = { ...tenantPlaneEnv, ...env };
      plane = await stack.startTenantPlane(cell.install, tenantPlaneDatabase, all);
    },
    async stop() {
      await stack.stop();
      await Promise.all([controlPlaneDatabase.drop(), tenantPlaneDatabase.drop()]);
    },
  };
}
