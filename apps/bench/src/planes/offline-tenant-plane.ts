import { type PlaneProcess, type TestDatabase, FROM_MODULES, startPlane } from '@atlas/testing';
import { type Bench } from '../bench';
import { type Preload } from '../preloads/preload';
import { planeEnv } from './plane-env';

/**
 * Starts a shared Tenant Plane that does not call a Control Plane and serves the tenants in its database.
 * The plane always runs unbundled, because planes with and without preloads must be comparable.
 */
export async function startOfflineTenantPlane(
  bench: Bench,
  { url, ownerUrl }: TestDatabase,
  preloads: readonly Preload[] = [],
): Promise<PlaneProcess> {
  const plane = await startPlane('tenant-plane', {
    env: {
      ATLAS_TP_DEPLOYMENT: 'shared',
      ATLAS_OFFLINE_MODE: '1',
      TENANT_PLANE_DATABASE_URL: url,
      TENANT_PLANE_MIGRATION_DATABASE_URL: ownerUrl,
      ...FROM_MODULES,
      ...planeEnv(bench, preloads),
    },
  });
  bench.defer(() => plane.end('SIGKILL'));
  return plane;
}
