/**
 * The name of everything that is created for one tenant plane (folder, database, role, ...). It is readable,
 * and unique to the plane.
 */
export function infrastructureName(slug: string, tenantPlaneId: string): string {
  return `atlas_${slug.replaceAll('-', '_')}_${tenantPlaneId.slice(-8)}`;
}

/** What the names of planes that were prepared for the warm pool begin with, instead of a tenant's slug. */
export const POOL_STEM = 'warm';

/** The log file in the folder of a dedicated plane that the local driver runs. */
export const DEDICATED_LOG = 'tenant-plane.log';
