/** Names all that is made for one tenant plane (folder, database, role, ...): readable, and unique to it. */
export function infrastructureName(slug: string, tenantPlaneId: string): string {
  return `atlas_${slug.replaceAll('-', '_')}_${tenantPlaneId.slice(-8)}`;
}

/** In the folder of a dedicated plane that the local driver runs. */
export const DEDICATED_LOG = 'tenant-plane.log';
